"""The caller's side of the template process: start it, ask it for workers, end them. Used by `killable.py` alone."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
from multiprocessing.connection import Connection
from multiprocessing.reduction import send_handle
from typing import Any

from configs.errors import UserError
from infra.sandbox.template_forks import ForkedTemplate, fork_template, start_program

Process = subprocess.Popen[bytes] | ForkedTemplate


class Template:
    """One template process in its own process group. Arguments as in `killable.KillablePool`."""

    def __init__(
        self,
        target: str,
        initargs: tuple[Any, ...],
        memory_bytes: int | None,
        start_seconds: float,
        imports: tuple[str, ...],
    ) -> None:
        self._target, self._imports = target, imports
        self._settings = (target, initargs, memory_bytes)
        self._start_seconds = start_seconds

    def start(self) -> None:
        """Start the process and make the function; UserError says why it could not be made."""
        self._process, self._control = self._fork() or _start_program()
        try:
            complaint = self._ask(self._settings, patience_seconds=self._start_seconds)
        except BaseException:
            self.close()
            raise
        if complaint is not None:
            self.close()
            raise UserError(f"{self._target} could not be prepared: {complaint}", "mend that and run again")

    def _fork(self) -> tuple[Process, Connection] | None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            module = self._target.partition(":")[0]
            process = fork_template(module, self._imports, theirs.fileno(), self._start_seconds)
            return None if process is None else (process, Connection(ours.detach()))

    def start_worker(self) -> tuple[int, Connection]:
        """Fork a worker; returns its process id and the connection that takes chunks and gives answers."""
        ours, theirs = socket.socketpair()
        with theirs:
            pid = self._ask(("start", None), descriptor=theirs.fileno())
        return pid, Connection(ours.detach())

    def end_worker(self, pid: int) -> int:
        """Kill a worker and its process group; returns its exit code, negative for a signal."""
        return int(self._ask(("end", pid)))

    def close(self) -> None:
        """End the process and all its workers: it does so by itself when the control connection closes."""
        self._control.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _ask(self, request: Any, descriptor: int | None = None, patience_seconds: float | None = None) -> Any:
        try:
            self._control.send(request)
            if descriptor is not None:
                send_handle(self._control, descriptor, self._process.pid)
            if not self._control.poll(patience_seconds):
                return f"it took longer than {patience_seconds:g} s"
            return self._control.recv()
        except (EOFError, OSError):
            raise UserError(
                f"the template process of {self._target} ended by itself",
                "see its messages above; if the machine ran out of memory, free some",
            ) from None


def _start_program() -> tuple[Process, Connection]:
    """Over a connection of its own: a fork that was begun in vain has the end of another one."""
    ours, theirs = socket.socketpair()
    with theirs:
        return start_program("zygote", theirs.fileno()), Connection(ours.detach())
