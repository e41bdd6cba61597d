"""A real `mlflow server`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers import free_port, served

START_SECONDS = 240.0


@contextmanager
def mlflow_server(folder: Path, port: int | None = None) -> Iterator[str]:
    """Run a server over a database in `folder`; yields its address."""
    port = port or free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db"]
    command += ["--artifacts-destination", str(folder / "files")]
    uri = f"http://127.0.0.1:{port}"
    with served(command, f"{uri}/health", folder / "server.log", cwd=folder, seconds=START_SECONDS):
        yield uri
