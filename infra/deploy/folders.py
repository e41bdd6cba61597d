"""Where the native stack keeps what it needs between two commands."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.deploy.service import Service


@dataclass(frozen=True)
class Folders:
    """Where the native stack keeps things, under SELFLOOP_HOME/stack."""

    root: Path

    @property
    def notes(self) -> Path:
        return self.root / "running"

    @property
    def env_file(self) -> Path:
        return self.root / "env"

    def log(self, name: str) -> Path:
        return self.root / "logs" / f"{name}.log"

    def work(self, service: Service) -> Path:
        """The folder a service works in; Postgres insists on its data folder."""
        data = service.server.environment.get("PGDATA") if service.name == "postgres" else None
        return Path(data) if data else self.root / "work" / service.name


def write_env_file(path: Path, environment: Mapping[str, str]) -> None:
    """A file for `. FILE` in a shell; it holds the S3 keys, so only its owner can read it."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.writelines(f"export {name}='{value}'\n" for name, value in environment.items())
