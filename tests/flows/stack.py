"""A stack without containers for tests: on free ports, with data of its own, gone at the end."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.deploy.postgres import PACKAGES
from infra.deploy.processes import MARK
from infra.deploy.settings import create_env_file, load_settings
from tests.flows.api import ask
from tests.flows.micro import selfloop

SERVERS = ("postgres", "s3", "prefect", "mlflow", "worker")


@dataclass(frozen=True)
class Stack:
    """A running stack whose settings and data lie in `folder`."""

    folder: Path
    shown: str

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def env(self) -> dict[str, str]:
        """What the file to source exports."""
        lines = (self.home / "stack/env").read_text(encoding="utf-8").splitlines()
        return dict(shlex.split(line)[1].split("=", 1) for line in lines)

    @property
    def ports(self) -> dict[str, int]:
        settings = load_settings(self.folder / ".env")
        return {name: getattr(settings, f"{name}_port") for name in SERVERS}

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return selfloop(*arguments, cwd=self.folder, **variables)

    def api(self, method: str, path: str, **body: Any) -> Any:
        """Ask Prefect's API."""
        return ask(method, f"{self.env['PREFECT_API_URL']}{path}", body or None)


@contextmanager
def running_stack(*settings: str) -> Iterator[Stack]:
    """A stack on free ports. Its folder is one that the account of Postgres may enter, unlike pytest's.

    Args:
        settings: further lines of its settings file.
    """
    install_postgres()
    folder = Path(tempfile.mkdtemp(prefix="selfloop-stack-"))
    folder.chmod(0o755)
    write_settings(folder, *settings)
    try:
        done = selfloop("stack", "up", cwd=folder)
        assert done.returncode == 0, done.stdout + done.stderr
        yield Stack(folder, done.stdout)
    finally:
        selfloop("stack", "down", cwd=folder)
        shutil.rmtree(folder, ignore_errors=True)


def install_postgres() -> None:
    if list(PACKAGES.glob("*/bin/postgres")) or shutil.which("postgres"):
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        pytest.skip("Postgres is not installed, and installing its package takes root and apt-get")
    for command in (["update"], ["install", "-y", "--no-install-recommends", "postgresql"]):
        subprocess.run(["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300", *command], check=True, capture_output=True)


def write_settings(folder: Path, *further: str) -> None:
    """Fresh passwords, and ports that are free: all are held open until the last one is known."""
    env_file = folder / ".env"
    create_env_file(env_file)
    probes = [socket.socket() for _ in range(5)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    names = ("POSTGRES", "S3", "PREFECT", "MLFLOW", "WORKER")
    with env_file.open("a", encoding="utf-8") as file:
        for name, probe in zip(names, probes, strict=True):
            file.write(f"STACK_{name}_PORT={probe.getsockname()[1]}\n")
            probe.close()
        file.write("\n".join(("STACK_BUCKET=trial", "STACK_MLFLOW_WORKERS=1", *further, "")))


def left_over(folder: Path) -> list[str]:
    """Processes that work in a folder, or carry the stack's mark of it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes()
            is_ours = os.readlink(process / "cwd").startswith(str(folder))
            if is_ours or f"{MARK}={folder}".encode() in environment:
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found
