"""Locks of the kernel on files and folders of a machine: they end with the process that took them, however it ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


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
        os.close(file)
