"""MLflow's own server over the local database, for `selfloop ui`. A configured tracking server is only named."""

from __future__ import annotations

import sys
import time
import urllib.error
import urllib.request
from types import TracebackType

from configs.errors import UserError
from flows.services.addresses import Addresses
from infra.process.child import Child

START_SECONDS = 120.0


class MlflowServer:
    """Use as a context manager; `wait` returns the address of the UI."""

    def __init__(self, addresses: Addresses, port: int) -> None:
        self._child: Child | None = None
        self.url = addresses.tracking
        if addresses.tracking.startswith(("http://", "https://")):
            return
        self.url = f"http://127.0.0.1:{port}"
        storage = ["--backend-store-uri", addresses.tracking, "--artifacts-destination", str(addresses.artifact_root)]
        self._child = Child(
            [sys.executable, "-m", "mlflow", "server", *storage, "--host", "127.0.0.1", "--port", str(port)],
            log_path=addresses.home / "mlflow-server.log",
            env={"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1"},
        )

    def __enter__(self) -> MlflowServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._child is not None:
            self._child.kill()

    def is_alive(self) -> bool:
        """Whether the server still runs; a configured one is taken to."""
        return self._child is None or self._child.poll() is None

    def wait(self) -> str:
        """Block until the UI answers.

        Raises:
            UserError: it does not.
        """
        deadline = time.monotonic() + START_SECONDS
        while not _answers(self.url):
            if not self.is_alive() or time.monotonic() > deadline:
                reason = self._child.describe_exit() if self._child else "no answer"
                raise UserError(
                    f"the MLflow server at {self.url} did not start: {reason}", "choose another --mlflow-port"
                )
            time.sleep(0.2)
        return self.url


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=3) as reply:
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False
