"""docker-compose.yml: valid by the compose schema, equal to the description, closed to the outside."""

from __future__ import annotations

import copy
import importlib.util
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from infra.deploy.health import Http
from infra.deploy.place import CONTAINERS
from infra.deploy.service import Service
from infra.deploy.services import describe
from infra.deploy.settings import SECRETS, StackSettings, variable
from tests.infra.deploy.compose import FILE, read_compose, used_variables

# Nothing here is a default, so that a value written into the file by hand is seen.
SETTINGS = StackSettings(
    host="127.0.0.9",
    postgres_password="postgres-word",
    s3_access_key="access-word",
    s3_secret_key="secret-word",
    bucket="other-bucket",
    prefect_port=14200,
    mlflow_port=15000,
    s3_port=19000,
    mlflow_workers=3,
    mlflow_allowed_hosts="mlflow:*,lab:*",
    notify="https://hooks.slack.com/services/A/B/C",
    silence_seconds=123,
)
VARIABLES = {variable(name): str(value) for name, value in SETTINGS.model_dump().items()}
SERVICES = {service.name: service for service in describe(SETTINGS, CONTAINERS)}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return read_compose(VARIABLES)


def each_service() -> Any:
    return pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)


def test_file_is_valid_by_the_schema_of_the_compose_specification(compose: dict[str, Any]) -> None:
    found = importlib.util.find_spec("check_jsonschema")
    assert found is not None and found.origin is not None, "check-jsonschema carries the schema: requirements/dev.txt"
    schema = json.loads((Path(found.origin).parent / "builtin_schemas/vendor/compose-spec.json").read_text("utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    assert [error.message for error in validator.iter_errors(compose)] == []
    broken = copy.deepcopy(compose)
    broken["services"]["worker"]["comand"] = ["a slip of the pen"]
    assert not validator.is_valid(broken), "the schema checks nothing"


def test_every_service_is_described_and_only_those(compose: dict[str, Any]) -> None:
    assert list(compose["services"]) == list(SERVICES)


@each_service()
def test_command_is_the_described_one(compose: dict[str, Any], service: Service) -> None:
    assert compose["services"][service.name]["command"] == list(service.server.command)


@each_service()
def test_environment_is_the_described_one(compose: dict[str, Any], service: Service) -> None:
    assert compose["services"][service.name]["environment"] == dict(service.server.environment)


@each_service()
def test_order_of_starting_is_the_described_one(compose: dict[str, Any], service: Service) -> None:
    jobs = {name for name, one in SERVICES.items() if one.server.health is None}
    expected = {
        name: {"condition": "service_completed_successfully" if name in jobs else "service_healthy"}
        for name in service.waits_for
    }
    assert compose["services"][service.name].get("depends_on", {}) == expected


@each_service()
def test_health_check_asks_what_the_description_asks(compose: dict[str, Any], service: Service) -> None:
    health = service.server.health
    check = compose["services"][service.name].get("healthcheck")
    if health is None:
        assert check is None
    elif isinstance(health, Http):
        assert f"'{health.url}'" in check["test"][-1] or check["test"][-1] == health.url
    else:
        assert check["test"] == ["CMD", *health.command]


@each_service()
def test_profile_and_stop_signal_are_the_described_ones(compose: dict[str, Any], service: Service) -> None:
    written = compose["services"][service.name]
    assert written.get("profiles", []) == ([service.profile] if service.profile else [])
    assert written.get("stop_signal", "SIGTERM") == service.stop_signal


def test_ports_are_published_on_the_set_address_alone(compose: dict[str, Any]) -> None:
    published = {name: one["ports"] for name, one in compose["services"].items() if "ports" in one}
    assert published == {
        "s3": ["127.0.0.9:19000:9000"],
        "prefect": ["127.0.0.9:14200:4200"],
        "mlflow": ["127.0.0.9:15000:5000"],
    }
    secrets = {variable(name): "x" for name in SECRETS}
    by_default = [port for one in read_compose(secrets)["services"].values() for port in one.get("ports", [])]
    assert all(port.startswith("127.0.0.1:") for port in by_default)


def test_defaults_of_the_file_are_the_defaults_of_the_settings() -> None:
    words = {name: f"{name}-word" for name in SECRETS}
    services = describe(StackSettings(**words), CONTAINERS)
    compose = read_compose({variable(name): word for name, word in words.items()})
    for service in services:
        assert compose["services"][service.name]["environment"] == dict(service.server.environment)
        assert compose["services"][service.name]["command"] == list(service.server.command)


@pytest.mark.parametrize("name", SECRETS)
def test_file_is_refused_without_a_password(name: str) -> None:
    with pytest.raises(KeyError, match=r"write it into \.env"):
        read_compose({key: value for key, value in VARIABLES.items() if key != variable(name)})


def test_every_variable_is_a_setting() -> None:
    known = {variable(name) for name in StackSettings.model_fields}
    only_native = {variable(name) for name in ("postgres_port", "worker_port", "gpu_worker_port")}
    assert used_variables() == known - only_native


def test_images_are_pinned_and_data_lies_in_named_volumes(compose: dict[str, Any]) -> None:
    built = {"selfloop-control", "selfloop-gpu"}
    for name, service in compose["services"].items():
        image, _, version = service["image"].partition(":")
        assert image in built or version[:1].isdigit(), f"{name} runs {service['image']}"
    data = {"postgres": "/var/lib/postgresql/data", "s3": "/data", "worker": "/var/lib/selfloop"}
    for name, folder in data.items():
        source = next(one.split(":")[0] for one in compose["services"][name]["volumes"] if one.split(":")[1] == folder)
        assert source in compose["volumes"]


def test_gpu_worker_alone_asks_for_gpus(compose: dict[str, Any]) -> None:
    asking = [name for name, one in compose["services"].items() if "deploy" in one]
    assert asking == ["worker-gpu"]


def test_files_that_the_file_names_exist(compose: dict[str, Any]) -> None:
    root = FILE.parent
    mounts = [one.split(":")[0] for service in compose["services"].values() for one in service.get("volumes", [])]
    assert all((root / mount).is_file() for mount in mounts if mount.startswith("./"))
    dockerfile = (root / compose["services"]["prefect"]["build"]["dockerfile"]).read_text("utf-8")
    targets = {one["build"]["target"] for one in compose["services"].values() if "build" in one}
    assert targets == {line.rpartition(" AS ")[2] for line in dockerfile.splitlines() if line.startswith("FROM ")}
