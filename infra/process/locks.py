"""Locks of the kernel on files and folders of a machine: they end with the process that took them, however it ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

POLL_SECONDS = 0.1


def hold(path: Path, *, shared: bool = False, waits: bool = True) -> int:
    """A lock on a folder, or on a file, which is made if missing; `os.close` of what is returned gives it back.

    Raises:
        BlockingIOError: somebody else holds it, and it is not waited for.
    """
    file = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if waits else fcntl.LOCK_NB))
    except OSError:
        os.close(file)
        raise
    return file


@contextlib.contextmanager
def held(path: Path, *, waits: bool = True) -> Iterator[None]:
    """As `hold`, for the length of a block."""
    file = hold(path, waits=waits)
    try:
        yield
    finally:
        _give_back(file)


@contextlib.contextmanager
def turn(path: Path, patience_seconds: float) -> Iterator[None]:
    """Whoever does the same is waited for, but not for longer; and where a file system has no locks, for nobody: the
    block is run in any case."""
    file = _try(path, time.monotonic() + patience_seconds)
    try:
        yield
    finally:
        if file is not None:
            _give_back(file)


def _try(path: Path, deadline: float) -> int | None:
    while True:
        try:
            return hold(path, waits=False)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return None
            time.sleep(POLL_SECONDS)
        except OSError:
            return None


def _give_back(file: int) -> None:
    """At once, even where a process that was forked meanwhile has it, too."""
    fcntl.flock(file, fcntl.LOCK_UN)
    os.close(file)
