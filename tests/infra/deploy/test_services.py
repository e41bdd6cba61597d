"""The description is one: natively and in containers only addresses, programs and folders differ."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from infra.deploy.place import CONTAINERS, Place, native_place
from infra.deploy.service import Server
from infra.deploy.services import describe
from infra.deploy.settings import StackSettings

SETTINGS = StackSettings(
    host="10.9.8.7",
    postgres_port=15432,
    postgres_password="postgres-word",
    s3_port=19000,
    s3_access_key="access-word",
    s3_secret_key="secret-word",
    prefect_port=14200,
    mlflow_port=15000,
    worker_port=18790,
    gpu_worker_port=18791,
)
NATIVE = native_place(SETTINGS, Path("/the/home"), python="/venv/python", postgres="/pg/postgres", rclone="/rclone")


SERVER = ("prefect", "server")
# Where the programs lie differs too; they are one list of arguments away from being compared.
CONTAINER = replace(CONTAINERS, python=NATIVE.python, postgres=NATIVE.postgres)


def neutral(server: Server, place: Place, port: int | None) -> tuple[list[str], dict[str, str]]:
    """Command and environment with every value of the place replaced by what it stands for."""
    words = {f"http://{SETTINGS.host}:{SETTINGS.prefect_port}": "<outside>"} if server.command[2:4] == SERVER else {}
    words |= {place.address(name): f"<{name}>" for name in place.hosts}
    words |= {f"{place.bind}:{port}": "<listen>", place.bind: "<bind>", place.local: "<local>", str(port): "<port>"}
    words |= {folder: f"<data {name}>" for name, folder in place.data.items()}
    words |= {place.home: "<home>", place.project: "<project>"}

    def replaced(text: str) -> str:
        for value, word in words.items():
            text = text.replace(value, word)
        return text

    # Names for callers from anywhere: the same in both, though they look like hosts.
    kept = "MLFLOW_SERVER_ALLOWED_HOSTS"
    environment = {name: value if name == kept else replaced(value) for name, value in server.environment.items()}
    return [replaced(part).replace("<local>", "<bind>") for part in server.command], {
        name: value.replace("<bind>", "<local>") for name, value in environment.items()
    }


def test_native_and_container_services_differ_in_the_place_alone() -> None:
    native, container = describe(SETTINGS, NATIVE), describe(SETTINGS, CONTAINER)
    assert [one.name for one in native] == [one.name for one in container]
    for one, other in zip(native, container, strict=True):
        assert neutral(one.server, NATIVE, one.port) == neutral(other.server, CONTAINER, other.port), one.name
        assert (one.waits_for, one.profile, one.stop_signal) == (other.waits_for, other.profile, other.stop_signal)


def test_s3_alone_has_another_server_natively() -> None:
    assert [one.name for one in describe(SETTINGS, NATIVE) if one.native] == ["s3"]


def test_no_secret_stands_on_a_command_line() -> None:
    for place in (NATIVE, CONTAINERS):
        for service in describe(SETTINGS, place):
            for server in filter(None, (service.server, service.native)):
                text = " ".join(server.command)
                assert "-word" not in text, service.name


def test_services_wait_only_for_earlier_ones() -> None:
    seen: set[str] = set()
    for service in describe(SETTINGS, NATIVE):
        assert seen.issuperset(service.waits_for), service.name
        seen.add(service.name)


def test_every_port_can_be_set() -> None:
    for service in describe(SETTINGS, NATIVE):
        if service.port is not None:
            assert service.port == getattr(SETTINGS, service.port_setting.removeprefix("STACK_").lower())
