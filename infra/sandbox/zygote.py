"""Program: a template process that makes one function and forks the workers that run it. Started by `template.py`, as a
program or as a fork of `template_server.py`.

It ends, and every worker and whatever the workers started with it, as soon as its parent is gone: it waits on nothing
but the control connection, and looks at its parent's id besides, since a fork of the parent could hold that
connection open. Workers ask the kernel to be killed when the template dies, so a worker stuck in native code ends too.

Python code that is loaded here (a user's verifier) must start no threads while it is imported: forks do not have them.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import os
import pickle
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle
from typing import Any, NoReturn

_PARENT_CHECK_SECONDS = 1.0
_PR_SET_PDEATHSIG = 1  # from linux/prctl.h


def main(control_descriptor: int) -> None:
    """Serve one parent until it is gone."""
    parent_id = os.getppid()
    control = Connection(control_descriptor)
    target, initargs, memory_bytes = control.recv()
    try:
        function = _make(target, initargs)
    except BaseException as error:  # process boundary: the parent raises it
        traceback.print_exc()
        control.send(_describe(error))
        return
    gc.collect()
    gc.freeze()  # forks share these pages instead of copying them at their first collection
    control.send(None)
    workers: set[int] = set()
    with contextlib.suppress(EOFError, OSError):
        while has_request(control, parent_id):
            verb, pid = control.recv()
            control.send(_start(control, function, memory_bytes, workers) if verb == "start" else _end(pid, workers))
    for pid in list(workers):
        _end(pid, workers)


def _make(target: str, initargs: tuple[Any, ...]) -> Callable[[Any], Any]:
    module, _, name = target.partition(":")
    function: Callable[[Any], Any] = getattr(importlib.import_module(module), name)(*initargs)
    return function


def has_request(control: Connection, parent_id: int) -> bool:
    """Wait for the next request; False when the parent is gone."""
    while not control.poll(_PARENT_CHECK_SECONDS):
        if os.getppid() != parent_id:
            return False
    return True


def _start(control: Connection, function: Callable[[Any], Any], memory_bytes: int | None, workers: set[int]) -> int:
    descriptor = recv_handle(control)
    template_id = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            control.close()
            _confine(template_id, memory_bytes)
            _work(Connection(descriptor), function)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    os.close(descriptor)
    with contextlib.suppress(OSError):  # both sides set it, so that neither has to wait for the other
        os.setpgid(pid, pid)
    workers.add(pid)
    return pid


def _end(pid: int, workers: set[int]) -> int:
    """Kill a worker's process group and take its exit code, which a worker that died before keeps."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    workers.discard(pid)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _confine(template_id: int, memory_bytes: int | None) -> None:
    os.setpgid(0, 0)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != template_id:  # it died before the kernel was asked
        os._exit(1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory_bytes is not None:
        resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))


def _work(connection: Connection, function: Callable[[Any], Any]) -> NoReturn:
    """Answer every item of every chunk, one message each, until the parent closes the connection."""
    with contextlib.suppress(EOFError, OSError):
        while True:
            for item in pickle.loads(connection.recv_bytes()):
                connection.send_bytes(_answer(function, item))
    os._exit(0)


def _answer(function: Callable[[Any], Any], item: Any) -> bytes:
    try:
        return pickle.dumps((function(item), None), pickle.HIGHEST_PROTOCOL)
    except BaseException as error:  # process boundary: it is this item's failure
        return pickle.dumps((None, f"raised: {_describe(error)}"), pickle.HIGHEST_PROTOCOL)


def _describe(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".removesuffix(": ")[:500]
