"""Starts one service natively and waits until it serves. Used by `native.py`."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from infra.deploy import postgres
from infra.deploy.folders import Folders
from infra.deploy.health import is_port_free
from infra.deploy.processes import Notes, Running, members, start, stop
from infra.deploy.service import Server, Service
from infra.deploy.settings import StackError

START_SECONDS = 180.0
PORT_SECONDS = 3.0
LOG_LINES = 12
# The user's own settings of these programs would override what the stack says, or contradict it.
HIDDEN = ("PREFECT_", "MLFLOW_", "AWS_", "RCLONE_", "POSTGRES_", "PG")
Report = Callable[[str], None]


class Starter:
    """Starts a service unless it runs already, and tells when it serves.

    Args:
        order: its place among the services; they are stopped the other way round.
    """

    def __init__(self, service: Service, order: int, folders: Folders, report: Report) -> None:
        self.service = service
        self._server = native_server(service)
        self._order = order
        self._folders = folders
        self._notes = Notes(folders.notes)
        self._report = report
        self._begun = time.monotonic()
        self._running: Running | None = None
        self._ran_already = False

    def begin(self) -> None:
        """Start it, or do the whole job.

        Raises:
            StackError: its port is taken, it cannot be started, or the job failed.
        """
        self._begun = time.monotonic()
        self._folders.log(self.service.name).parent.mkdir(parents=True, exist_ok=True)
        if self._server.health is None:
            self._do_job()
            return
        found = self._notes.read().get(self.service.name)
        if found is not None and found.is_alive() and found.version == version_of(self._server):
            self._running, self._ran_already = found, True
            return
        if found is not None:
            self._say("had other settings, starts again" if found.is_alive() else "had ended, starts again")
            stop(found)
            self._notes.remove(self.service.name)
            if self.service.name == "postgres" and not members(found):
                postgres.remove_stale_lock(Path(self._server.environment["PGDATA"]))
        self._start()

    def is_done(self) -> bool:
        """Whether it serves, or has done its job.

        Raises:
            StackError: it ended, or does not serve within three minutes.
        """
        if self._running is None:
            return True
        assert self._server.health is not None, "a job has no process to wait for"
        if self._server.health.is_healthy():
            if self.service.name == "postgres":
                postgres.make_databases(self.service)
            how = "already" if self._ran_already else f"after {time.monotonic() - self._begun:.1f} s"
            self._say(f"healthy {how}")
            return True
        if not self._running.is_alive():
            self._notes.remove(self.service.name)
            raise self._failure("ended at its start")
        if time.monotonic() - self._begun > START_SECONDS:
            raise self._failure(f"is not healthy after {START_SECONDS:.0f} s")
        return False

    def _start(self) -> None:
        self._check_port()
        if self.service.name == "postgres":
            postgres.make_cluster(self.service)
        folder = self._folders.work(self.service)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            self._running = start(
                self.service.name,
                self._server.command,
                environment_of(self._server),
                folder=folder,
                log_path=self._folders.log(self.service.name),
                order=self._order,
                version=version_of(self._server),
                user=postgres.account() if self.service.name == "postgres" else None,
                stop_signal=self.service.stop_signal,
            )
        except OSError as error:
            raise StackError(f"{self.service.name} cannot be started: {error}", "run selfloop doctor") from error
        self._notes.write(self._running)

    def _do_job(self) -> None:
        folder = self._folders.work(self.service)
        folder.mkdir(parents=True, exist_ok=True)
        with self._folders.log(self.service.name).open("ab") as log:
            done = subprocess.run(
                self._server.command,
                cwd=folder,
                env=environment_of(self._server),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                check=False,
            )
        if done.returncode != 0:
            raise self._failure(f"failed with status {done.returncode}")
        self._say(f"done after {time.monotonic() - self._begun:.1f} s")

    def _check_port(self) -> None:
        host, port = self.service.host, self.service.port
        if port is None:
            return
        # The sockets of a killed process close a moment after it is seen dead.
        deadline = time.monotonic() + PORT_SECONDS
        while not is_port_free(host, port) and time.monotonic() < deadline:
            time.sleep(0.2)
        if not is_port_free(host, port):
            raise StackError(
                f"port {port} of {host}, which {self.service.name} is to listen on, is taken",
                f"stop what listens there, or set {self.service.port_setting} in .env to a free port",
            )

    def _failure(self, what: str) -> StackError:
        log = self._folders.log(self.service.name)
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:] if log.exists() else []
        tail = "\n".join(f"    {line[:400]}" for line in lines if line.strip())
        return StackError(
            f"{self.service.name} {what}; last lines of {log}:\n{tail}", "mend it, then run selfloop stack up again"
        )

    def _say(self, what: str) -> None:
        self._report(f"{self.service.name:<11}{what}")


def native_server(service: Service) -> Server:
    """The program that runs where there are no containers."""
    return service.native or service.server


def environment_of(server: Server) -> dict[str, str]:
    """What a service gets: the user's environment without settings of these programs, then the stack's own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(HIDDEN)}
    return {**inherited, "PYTHONUNBUFFERED": "1", **server.environment}


def version_of(server: Server) -> str:
    """Digest of command and settings: a running service with another one is started again."""
    return hashlib.sha256(json.dumps([server.command, dict(server.environment)]).encode()).hexdigest()
