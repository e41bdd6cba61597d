"""Start programs as forks of a process that has imported what they need: seconds become milliseconds.

Used by `engines/programs.py`. The other side is `fork_server.py`.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import socket
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from infra.process.child import Child
from infra.process.spawned import Descriptors

READ_AT_IMPORT = ("HF_", "KMP_", "LD_", "MKL_", "OMP_", "OPENBLAS_", "PYTHON", "PYTORCH_", "TORCH_", "TRANSFORMERS_")
"""starts of names of variables that libraries read once, when they are imported"""
KILLED = -9
END_SECONDS = 10.0

_servers: dict[tuple[object, ...], ForkServer] = {}
_lock = threading.Lock()


def fork_server(python: str, modules: Sequence[str], environment: Mapping[str, str]) -> ForkServer:
    """The server of this process for an interpreter, modules and settings; started where there is none.

    For the arguments see `ForkServer`.
    """
    merged = {**os.environ, **environment}
    settings = sorted(item for item in merged.items() if item[0].startswith(READ_AT_IMPORT))
    key = (python, *modules, *settings)
    with _lock:
        if key in _servers and not _servers[key].is_alive():
            _servers.pop(key).close()
        if key not in _servers:
            _servers[key] = ForkServer(python, modules, environment)
        return _servers[key]


@atexit.register
def close_servers() -> None:
    """End every server of this process."""
    with _lock:
        while _servers:
            _servers.popitem()[1].close()


class ForkServer:
    """A running server. Its imports go on while the first programs are asked for; what it prints stays in memory.

    Args:
        python: the interpreter; it has to find this project.
        modules: names of what it imports; one that cannot be imported is left to the programs that need it.
        environment: variables on top of this process's own.
    """

    def __init__(self, python: str, modules: Sequence[str], environment: Mapping[str, str]) -> None:
        self._log = os.fdopen(os.memfd_create("imports"), "wb")
        log_path = Path(f"/proc/self/fd/{self._log.fileno()}")
        self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [python, "-m", "infra.process.fork_server", *modules]
        with theirs:
            self._child = Child(command, log_path=log_path, env=environment, stdin=theirs.fileno())

    def is_alive(self) -> bool:
        return self._child.poll() is None

    def start(self, command: Sequence[str], environment: Mapping[str, str], born_with: Descriptors) -> Forked:
        """Run `python -m command[0]` with the other items as arguments.

        Raises:
            EOFError: the server ended; with the end of its log, which lies in memory and has no path.
        """
        request = {
            "program": command[0],
            "arguments": command[1:],
            "environment": dict(environment),
            "cwd": os.getcwd(),
        }
        handle, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        descriptors = [born_with.stdin, born_with.stdout, born_with.stderr, born_with.lifeline, theirs.fileno()]
        pid = b""
        with theirs, contextlib.suppress(ConnectionError):  # it has ended
            socket.send_fds(self._requests, [json.dumps(request).encode()], descriptors)
        with contextlib.suppress(ConnectionError):
            pid = handle.recv(64)
        if not pid:
            handle.close()
            with contextlib.suppress(TimeoutError):
                self._child.wait(END_SECONDS)
            raise EOFError(f"{self._child.ending()}; its last lines:\n{self._child.log_tail()}")
        return Forked(int(pid), handle)

    def close(self) -> None:
        self._child.kill()
        self._requests.close()
        self._log.close()


class Forked:
    """A guard that runs a fork. See `spawned.Started`."""

    def __init__(self, pid: int, handle: socket.socket) -> None:
        self.pid = pid
        self._handle = handle
        self._status = KILLED

    def wait_until_dead(self) -> None:
        if status := self._handle.recv(64):
            self._status = int(status)

    def wait(self) -> int:
        self._handle.close()
        return self._status
