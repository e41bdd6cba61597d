"""Processes that tests look for while others end: one that is gone by the time it is asked is none of those sought."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import psutil

Question = Callable[[psutil.Process], bool]
"""What is asked of a process; it may be gone by then, or not ours to ask."""


def that(asked: Question, processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Those of which it is true."""
    return [process for process in processes if _is_true(asked, process)]


def started_here(asked: Question) -> list[psutil.Process]:
    """Processes that this one started, and those started by them, of which it is true."""
    return that(asked, psutil.Process().children(recursive=True))


def _is_true(asked: Question, process: psutil.Process) -> bool:
    try:
        return asked(process)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
