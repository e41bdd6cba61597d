"""A Prefect API for the run: the configured one, or a local server on the data under the home folder.

Prefect can start a temporary server by itself, but that one survives a SIGKILL of its flow; ours runs under the
guard of `infra/process` and ends with whoever started it. Where it ends before that, it is started again at the same
address, and Prefect's client, which asks for a minute, finds it. A server that `selfloop ui` keeps open is found, and
used.
This module must not import Prefect: the address has to be in the environment before Prefect is first imported.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
import urllib.error
import urllib.request
from types import TracebackType

from configs.errors import UserError
from flows.services.addresses import Addresses
from flows.services.kept_server import KeptServer
from infra.deploy.services import HEARTBEAT_SECONDS, PATIENT_CLIENT
from infra.process.child import Child

START_SECONDS = 180.0
DRAIN_SECONDS = 10.0
OF_A_STACK = {**PATIENT_CLIENT, "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(HEARTBEAT_SECONDS)}
"""Of a run at a server that stays: its automation takes a run that is silent for longer to be dead, one by hand too."""
AGAIN = "run the same command again, which goes on from here"
QUIET = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_INTERNAL_LEVEL": "CRITICAL",
}


class PrefectServer:
    """Use as a context manager. The address is in the environment from the start; `wait` returns it once it answers.

    Starting is split from waiting, so that the caller can import Prefect while the server comes up.

    Args:
        port: of a server that stays open for other commands, as `selfloop ui`'s does. A run's own server ends with the
            run, and is used by nobody else.
    """

    def __init__(self, addresses: Addresses, port: int | None = None) -> None:
        self._is_shared = port is not None
        self._home = addresses.home / "prefect"
        self._note = self._home / "server.json"
        self._server: KeptServer | None = None
        for name, value in {**QUIET, **(OF_A_STACK if addresses.prefect else {})}.items():
            os.environ.setdefault(name, value)
        self._environment = {name: os.environ.get(name) for name in ("PREFECT_API_URL", "PREFECT_HOME")}
        self.url = addresses.prefect or self._running() or self._start(port or free_port())
        os.environ["PREFECT_API_URL"] = self.url

    def __enter__(self) -> PrefectServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            if self._is_shared:
                self._note.unlink(missing_ok=True)
            if self.is_alive():
                _drain_client()
            self._server.close()
        self._restore_environment()
        if error is not None and (lost := self._explain(error)):
            raise lost from error

    def is_alive(self) -> bool:
        """Whether the server still runs, or is started again; one that others run is taken to."""
        return self._server is None or self._server.ending() is None

    def wait(self) -> str:
        """Block until the API answers.

        Raises:
            UserError: it does not, within three minutes of starting it (ten seconds for a configured one).
        """
        deadline = time.monotonic() + (START_SECONDS if self._server else 10.0)
        while not answers(self.url):
            if self._server is not None and (ending := self._server.ending()):
                raise UserError(f"the local Prefect server ended: {ending}", AGAIN)
            if time.monotonic() > deadline:
                raise UserError(
                    f"the Prefect API at {self.url} does not answer",
                    "start it, or unset PREFECT_API_URL (services.prefect) to use a local one",
                )
            time.sleep(0.1)
        if self._server is not None:
            self._server.keep()
            if self._is_shared:
                self._note.write_text(json.dumps({"url": self.url, "pid": os.getpid()}), encoding="utf-8")
        return self.url

    def _explain(self, error: BaseException) -> UserError | None:
        """What a user is told where the API was lost on the way; None: it was not."""
        from httpx import TransportError

        if not isinstance(error, TransportError):
            return None
        seen: BaseException | None = error
        while seen is not None:
            if isinstance(seen, UserError):  # what ended the run; only Prefect could not be told
                return seen
            seen = seen.__context__
        return UserError(f"the Prefect API at {self.url} does not answer any more ({error})", AGAIN)

    def _restore_environment(self) -> None:
        """Leave no address of an ended server to what this process starts next."""
        for name, value in self._environment.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

    def _running(self) -> str | None:
        """The local server that another command keeps open."""
        try:
            url = str(json.loads(self._note.read_text(encoding="utf-8"))["url"])
        except (OSError, ValueError, KeyError):
            return None
        return url if answers(url) else None

    def _start(self, port: int) -> str:
        self._home.mkdir(parents=True, exist_ok=True)
        os.environ["PREFECT_HOME"] = str(self._home)
        url = f"http://127.0.0.1:{port}"
        factory = ["--factory", "prefect.server.api.server:create_app"]
        command = [sys.executable, "-m", "uvicorn", *factory, "--host", "127.0.0.1", "--port", str(port)]
        env = {"PREFECT_HOME": str(self._home), "PREFECT_API_URL": f"{url}/api", "PREFECT_UI_API_URL": f"{url}/api"}
        log = self._home / "server.log"
        self._server = KeptServer("the local Prefect server", lambda: Child(command, log_path=log, env=env))
        return f"{url}/api"


def _drain_client() -> None:
    """Send what Prefect's client still has queued: it would try to reach the ended server for a minute or more."""
    if "prefect" in sys.modules:
        from prefect.events.worker import EventsWorker
        from prefect.logging.handlers import APILogWorker

        for worker in (APILogWorker, EventsWorker):
            worker.drain_all(timeout=DRAIN_SECONDS)


def answers(url: str) -> bool:
    """Whether a Prefect API is alive at this address."""
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/health", timeout=3) as reply:
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError, ValueError):
        return False


def free_port() -> int:
    """A TCP port that was free on 127.0.0.1 a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
