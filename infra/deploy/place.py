"""Where the stack runs: host names, ports and folders, in containers and natively. `services.py` uses nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.deploy.settings import StackSettings


@dataclass(frozen=True)
class Place:
    """Where the stack runs.

    Attributes:
        bind: address that servers listen on.
        local: address at which a server is reached from where its health is checked.
        hosts, ports: how services reach each other, by service.
        home: SELFLOOP_HOME of the workers.
        data: folder of a service's data, by service.
        project: folder of selfloop's sources, which entrypoints of deployments are relative to.
        python, postgres, rclone: programs.
    """

    bind: str
    local: str
    hosts: Mapping[str, str]
    ports: Mapping[str, int]
    home: str
    data: Mapping[str, str]
    project: str
    python: str = "python"
    postgres: str = "postgres"
    rclone: str = "rclone"

    def address(self, service: str) -> str:
        """host:port of a service, as others reach it."""
        return f"{self.hosts[service]}:{self.ports[service]}"


SERVERS = ("postgres", "s3", "prefect", "mlflow")
CONTAINERS = Place(
    bind="0.0.0.0",
    local="127.0.0.1",
    hosts={name: name for name in SERVERS},
    ports={"postgres": 5432, "s3": 9000, "prefect": 4200, "mlflow": 5000, "worker": 8080, "worker-gpu": 8080},
    home="/var/lib/selfloop",
    data={"postgres": "/var/lib/postgresql/data", "s3": "/data", "prefect": "/var/lib/selfloop/prefect"},
    project="/opt/selfloop",
)


def native_place(settings: StackSettings, home: Path, *, python: str, postgres: str, rclone: str) -> Place:
    """Everything on this machine, with data under HOME/stack/data."""
    data = home / "stack/data"
    return Place(
        bind=settings.host,
        local=settings.host,
        hosts=dict.fromkeys(SERVERS, settings.host),
        ports={
            "postgres": settings.postgres_port,
            "s3": settings.s3_port,
            "prefect": settings.prefect_port,
            "mlflow": settings.mlflow_port,
            "worker": settings.worker_port,
            "worker-gpu": settings.gpu_worker_port,
        },
        home=str(home),
        data={name: str(data / name) for name in ("postgres", "s3", "prefect")},
        project=str(Path(__file__).parents[2]),
        python=python,
        postgres=postgres,
        rclone=rclone,
    )
