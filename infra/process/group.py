"""Process groups: kill one, and wait until none of it lives. Used by `child.py`."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

GONE_SECONDS = 60.0
GONE = (ProcessLookupError, PermissionError)
"""What killpg raises where only the dead are left in a group; macOS says so with PermissionError."""


def kill_group(group: int) -> None:
    """SIGKILL every process of a group; nothing happens if none is left."""
    with contextlib.suppress(*GONE):
        os.killpg(group, signal.SIGKILL)


def wait_until_gone(group: int) -> None:
    """Wait until no process of a killed group lives.

    Raises:
        TimeoutError: something still lives after a minute, as a process stuck in the kernel can.
    """
    deadline = time.monotonic() + GONE_SECONDS
    while is_group_alive(group):
        if time.monotonic() > deadline:
            raise TimeoutError(f"process group {group} was killed and still lives after {GONE_SECONDS:.0f} s")
        time.sleep(0.01)


def is_group_alive(group: int) -> bool:
    """Whether any process of the group lives; the dead that nobody has reaped yet do not count."""
    try:
        os.killpg(group, 0)
    except GONE:
        return False
    processes = Path("/proc")
    if not (processes / "self/stat").exists():
        return True
    return any(_lives_in_group(path, group) for path in processes.glob("[0-9]*/stat"))


def _lives_in_group(stat: Path, group: int) -> bool:
    try:
        fields = stat.read_text(errors="replace").rpartition(")")[2].split()  # state, parent, group, ...
    except (FileNotFoundError, ProcessLookupError):
        return False
    return fields[0] not in "ZX" and int(fields[2]) == group
