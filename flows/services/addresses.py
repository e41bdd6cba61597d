"""Where an experiment runs: addresses of services and local folders, from recipe, environment and defaults."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from configs.schema.sections import Services


@dataclass(frozen=True)
class Addresses:
    """Resolved addresses.

    Attributes:
        home: local folder of everything that is not in a service: `SELFLOOP_HOME`, else `.selfloop` here.
        store: folder or `s3://bucket/prefix`.
        tracking: MLflow URI.
        prefect: Prefect API URL; None means a local server under `home`.
        cluster: of `engine.hosts: ray`; `auto` is the one that this machine is a node of.
    """

    home: Path
    store: str
    tracking: str
    prefect: str | None
    cluster: str = "auto"

    @property
    def work_dir(self) -> Path:
        """Scratch: can be removed at any time when nothing runs."""
        return self.home / "work"

    @property
    def artifact_root(self) -> Path:
        """Where a local MLflow keeps artifacts."""
        return self.home / "mlartifacts"


def resolve_addresses(services: Services | None = None) -> Addresses:
    """The recipe's `services` first, then the environment, then local folders."""
    services = services or Services()
    home = Path(os.environ.get("SELFLOOP_HOME") or ".selfloop").absolute()
    tracking = services.tracking or os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{home}/mlflow.db"
    return Addresses(
        home=home,
        store=services.store or os.environ.get("SELFLOOP_STORE") or str(home / "store"),
        tracking=tracking,
        prefect=services.prefect or os.environ.get("PREFECT_API_URL"),
        cluster=services.cluster or os.environ.get("RAY_ADDRESS") or "auto",
    )
