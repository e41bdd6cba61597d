"""Imports modules once, then forks programs that find them imported. Standard library only.

    python -m infra.process.fork_server MODULE...

Standard input is a socket. A request on it is a JSON object {"program", "arguments", "environment", "cwd"} with five
file descriptors: the program's standard input, output and error, its lifeline (see `guard.py`), and the other end of
the requester's handle. Of every program the requester gets through its handle, as JSON: the process id of the guard,
then, once that is dead, its wait status; the id stays taken until the requester closes the handle.

The server ends when its socket does, and its programs with it.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import runpy
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from typing import Any

from infra.process import guard

REQUEST_BYTES = 1 << 20
NUM_DESCRIPTORS = 5

Request = dict[str, Any]


def main() -> None:
    requests = socket.socket(fileno=os.dup(0))
    for module in sys.argv[1:]:
        with contextlib.suppress(ImportError):  # the program that needs it says so better
            importlib.import_module(module)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries the minders
    while True:
        message, descriptors, _, _ = socket.recv_fds(requests, REQUEST_BYTES, NUM_DESCRIPTORS)
        if not message:
            return
        if os.fork() == 0:
            requests.close()
            mind(json.loads(message), descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def mind(request: Request, descriptors: list[int]) -> None:
    """Start the guard, tell of its life and death, and bury it; never returns."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    handle = socket.socket(fileno=descriptors.pop())
    pid = os.fork()
    if pid == 0:
        handle.close()
        become_guard(request, descriptors)
    for descriptor in (0, 1, 2, *descriptors):
        os.close(descriptor)
    gone = contextlib.suppress(OSError)  # a requester that is gone wants no news
    with gone:
        handle.send(json.dumps(pid).encode())
    ending = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert ending is not None
    status = ending.si_status if ending.si_code == os.CLD_EXITED else -ending.si_status
    with gone:
        handle.send(json.dumps(status).encode())
        handle.recv(1)
    os.waitpid(pid, 0)
    os._exit(0)


def become_guard(request: Request, descriptors: list[int]) -> None:
    """Guard a fork that runs the program; never returns."""
    os.setsid()
    for number, descriptor in enumerate(descriptors[:3]):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["cwd"])
    guard.keep(socket.socket(fileno=descriptors[3]), lambda: fork_program(request))


def fork_program(request: Request) -> Callable[[], int]:
    """Fork the program; returns what waits for its exit status."""
    pid = os.fork()
    if pid == 0:
        os._exit(run_program(request))
    return lambda: os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def run_program(request: Request) -> int:
    """Run a module as `python -m` does, under its own name in `ps` and `top`; returns the exit status."""
    with contextlib.suppress(OSError), open("/proc/self/comm", "w") as name:
        name.write(request["program"].rpartition(".")[2])
    sys.argv[1:] = request["arguments"]
    try:
        runpy.run_module(request["program"], run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as ending:
        status = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    except BaseException:
        traceback.print_exc()
        status = 1
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    return status


if __name__ == "__main__":
    main()
