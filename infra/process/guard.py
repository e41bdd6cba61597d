"""Runs one command and takes its whole process group down with it. Standard library only.

    python infra/process/guard.py LIFELINE_FD -- COMMAND...

`spawned.py` starts this program as the leader of a new session; `fork_server.py` calls `keep` in a fork that is one.
LIFELINE_FD is one end of a socket pair; the starter holds the other end and never writes to it. The group gets SIGKILL
as soon as

* the command ends: its exit status is sent through the socket first;
* the socket reaches its end, or the starter's process id is gone: the starter died, however it died.

The starter in turn kills the group if this program is killed. Should both die at once, the kernel itself
still does it (see `arm`).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable

GROUP_VARIABLE = "SELFLOOP_PROCESS_GROUP"
POLL_SECONDS = 1.0
CANNOT_START = 127


def main(arguments: list[str]) -> None:
    """Run the command; never returns, since the group that is killed at the end includes this process."""
    lifeline = socket.socket(fileno=int(arguments[0]))

    def start() -> Callable[[], int]:
        try:
            return subprocess.Popen(arguments[2:], pass_fds=[lifeline.fileno()]).wait
        except OSError as error:
            print(f"cannot start {arguments[2]}: {error.strerror}", file=sys.stderr, flush=True)
            return lambda: CANNOT_START

    keep(lifeline, start)


def keep(lifeline: socket.socket, start: Callable[[], Callable[[], int]]) -> None:
    """Start something and end the group with it; never returns.

    Args:
        start: starts it, and returns what waits for its exit status.
    """
    starter = os.getppid()
    arm(lifeline.fileno())
    os.environ[GROUP_VARIABLE] = str(os.getpgrp())
    wait = start()
    threading.Thread(target=watch, args=(lifeline, starter), daemon=True).start()
    end(lifeline, wait())


def arm(lifeline: int) -> None:
    """Ask the kernel to signal the group at the socket's end, for the case that nobody is left to react.

    Linux only. The command inherits the descriptor, so the order stands while any process of the two lives.
    """
    if hasattr(fcntl, "F_SETSIG"):
        fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)


def watch(lifeline: socket.socket, starter: int) -> None:
    """Kill the group when the starter is gone.

    The socket tells at once. The process id is asked as well because a forked worker of the starter may hold
    a copy of its end.
    """
    while os.getppid() == starter:
        readable, _, _ = select.select([lifeline], [], [], POLL_SECONDS)
        if readable:
            break
    os.killpg(0, signal.SIGKILL)


def end(lifeline: socket.socket, status: int) -> None:
    """Tell the starter the command's exit status (negative: the signal), then kill what is left of the group."""
    with contextlib.suppress(OSError):  # the starter may be gone
        lifeline.send(str(status).encode())
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1:])
