"""Template processes as forks of one that has imported what they need: a start takes milliseconds, not a second.

Called by `template.py`. A stage that judges opens pools again and again, and they all need the same modules.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import threading
from functools import cache
from multiprocessing.connection import Connection
from multiprocessing.reduction import send_handle
from typing import Any

from infra.sandbox.template_server import Birth

BOOTSTRAP = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from infra.sandbox.{program} import main; main(int(sys.argv[2]))"
)
"""the program gets the caller's import path, and never its `__main__`"""
END_SECONDS = 10.0

_server: TemplateServer | None = None
_lock = threading.Lock()


def fork_template(
    module: str, imports: tuple[str, ...], descriptor: int, patience_seconds: float
) -> ForkedTemplate | None:
    """A template process that holds this end of its control connection.

    Args:
        module: of the function that it makes.
        imports: modules that its making imports, and that may be imported for all templates.
        patience_seconds: for those imports.

    Returns:
        None where it cannot be a fork: elsewhere than on Linux, for a module that this process has not imported
        itself, as what an import does there is not known, and where it takes too long. The other end of the connection
        is to be closed then: a fork may have been begun.
    """
    global _server
    if not _can_follow() or module not in sys.modules:
        return None
    try:
        birth = Birth((module, *imports), sys.path, dict(os.environ), os.getcwd())
    except OSError:  # the folder of this process is gone
        return None
    with _lock:
        if _server is None or not _server.is_ours():
            _server = TemplateServer()
        try:
            return _server.fork(birth, descriptor, patience_seconds)
        except (EOFError, OSError):  # it has ended, or hangs: the next template begins another
            _close()
            return None
        except BaseException:  # half an exchange: its answer must not be taken for that of the next
            _close()
            raise


@cache
def _can_follow() -> bool:
    """Whether the kernel tells the end of a process that is no child."""
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return True


@atexit.register
def close_server() -> None:
    """End the process that templates of this one are forks of."""
    with _lock:
        _close()


def _close() -> None:
    global _server
    if _server is not None and _server.is_ours():
        _server.close()
    _server = None


def start_program(program: str, descriptor: int) -> subprocess.Popen[bytes]:
    """A program of this package in a session of its own, with this end of its control connection.

    What it prints is for people: it goes to standard error.
    """
    command = [sys.executable, "-c", BOOTSTRAP.format(program=program), json.dumps(sys.path), str(descriptor)]
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=2, pass_fds=[descriptor], start_new_session=True
    )  # fmt: skip


class TemplateServer:
    """The process that templates are forks of. One exchange at a time."""

    def __init__(self) -> None:
        self._owner = os.getpid()
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = start_program("template_server", theirs.fileno())
        self._control = Connection(ours.detach())

    def is_ours(self) -> bool:
        """False in a fork of the process that started it, and after its end."""
        return self._owner == os.getpid() and self._process.poll() is None

    def fork(self, birth: Birth, descriptor: int, patience_seconds: float) -> ForkedTemplate:
        """
        Raises:
            EOFError, OSError: it has ended, or takes too long; it is not to be asked again.
        """
        self._control.send(("fork", birth))
        for handle in (descriptor, 2):
            send_handle(self._control, handle, self._process.pid)
        if not self._control.poll(patience_seconds):
            self._process.kill()
            raise TimeoutError
        return ForkedTemplate(self, self._control.recv())

    def bury(self, pid: int) -> None:
        """Give back the id of a template that is dead."""
        with _lock, contextlib.suppress(EOFError, OSError):
            if self.is_ours():
                self._control.send(("bury", pid))
                self._control.recv()

    def close(self) -> None:
        self._control.close()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class ForkedTemplate:
    """A template of a server, with the little of `subprocess.Popen` that `Template` needs.

    Attributes:
        pid: nobody else's until `wait` has returned.
    """

    def __init__(self, server: TemplateServer, pid: int) -> None:
        self.pid = pid
        self._server = server
        self._end: int | None = os.pidfd_open(pid)

    def wait(self, timeout: float | None = None) -> None:
        """
        Raises:
            subprocess.TimeoutExpired: it still runs.
        """
        if self._end is None:
            return
        poll: Any = select.poll()
        poll.register(self._end, select.POLLIN)
        if not poll.poll(None if timeout is None else 1000 * timeout):
            raise subprocess.TimeoutExpired("a template process", timeout or 0.0)
        os.close(self._end)
        self._end = None
        self._server.bury(self.pid)
