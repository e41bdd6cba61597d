"""Functions for the pool's tests, made in the template process; every one obeys orders such as `hang` or `7`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any


def make_obedient(factor: int = 2) -> Callable[[Any], Any]:
    """Numbers are multiplied; words are orders."""

    def obey(order: Any) -> Any:
        return ORDERS[order]() if isinstance(order, str) else order * factor

    return obey


def make_nothing() -> Callable[[Any], Any]:
    raise LookupError("no such rewards")


def make_killer() -> Callable[[Any], Any]:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


def _loop_in_native_code() -> None:
    pow(7, 10**10)


def _start_child_and_hang() -> None:
    child = subprocess.Popen(["sleep", "600"])
    print(f"child {child.pid}", file=sys.stderr, flush=True)
    time.sleep(600)


def _take_memory() -> int:
    return len(bytearray(3 * 2**30))


def _surroundings() -> tuple[str, str | None]:
    """Folder, and a variable of the environment."""
    return os.getcwd(), os.environ.get("SELFLOOP_TEST_SURROUNDINGS")


def _raise() -> None:
    raise KeyError("x")


def _return_unpicklable() -> Callable[[], None]:
    return lambda: None


ORDERS: dict[str, Callable[[], Any]] = {
    "pid": os.getpid,
    "clock": time.monotonic,
    "hang": lambda: time.sleep(600),
    "loop": _loop_in_native_code,
    "start a child and hang": _start_child_and_hang,
    "segfault": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "leave": lambda: os._exit(3),
    "exit": lambda: sys.exit("bye"),
    "surroundings": _surroundings,
    "knows colorsys": lambda: "colorsys" in sys.modules,
    "raise": _raise,
    "memory": _take_memory,
    "unpicklable": _return_unpicklable,
}
