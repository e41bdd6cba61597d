"""Shared memory of vLLM's processes, without names: it goes with the last of them, however they end.

Processes that share a model talk through segments of /dev/shm, which stay there for as long as they have a name: those
that are killed leave theirs behind, 160 MB a session, until the machine is restarted. Once all have opened them, nobody
needs the names; vLLM, which would take them away at its end, writes into the log that there are none. Used by
`vllm_runner.py`; Linux only.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import psutil

FOLDER = Path("/dev/shm")
PREFIX = "psm_"
"""of what Python's `multiprocessing.shared_memory` makes; other libraries take their names away themselves"""


def forget_names() -> list[str]:
    """Take away the names of the segments that this process or one below it has open; returns them."""
    found = sorted({name for process in _own_processes() for name in _segments(process)})
    for name in found:
        with contextlib.suppress(FileNotFoundError):
            (FOLDER / name).unlink()
    return found


def _own_processes() -> list[psutil.Process]:
    own = psutil.Process()
    return [own, *own.children(recursive=True)]


def _segments(process: psutil.Process) -> Iterator[str]:
    """Names of the segments that a process has mapped."""
    with contextlib.suppress(OSError):  # it has ended
        for line in Path(f"/proc/{process.pid}/maps").read_text(encoding="utf-8", errors="replace").splitlines():
            path = Path(line.split(maxsplit=5)[-1])
            if path.parent == FOLDER and path.name.startswith(PREFIX):
                yield path.name
