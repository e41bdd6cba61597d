"""Who holds a lease: a process, described so that another process can tell whether it is gone. Used by `lease.py`."""

from __future__ import annotations

import getpass
import os
import socket
import sys
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

PROC = Path("/proc")
DEAD_STATES = ("Z", "X")


@dataclass(frozen=True)
class Holder:
    """One process."""

    name: str
    """user@host, for people"""
    machine: str | None
    """boot and process namespace: process numbers mean the same only where this is equal; None without /proc"""
    pid: int
    started: int | None
    """clock ticks from boot to the start of the process: tells apart two processes with one number"""
    command: str
    """the words of the command line before its first option: options may hold secrets"""

    def is_gone(self) -> bool:
        """True if this process is known to have ended; False also if that cannot be seen from here."""
        if self.machine is None or self.machine != _read_machine():
            return False
        return self.started is None or _read_start(self.pid) != self.started

    def describe(self) -> str:
        """A few words for messages."""
        return f"{self.name}, process {self.pid} ({self.command})"


def name_user() -> str:
    """user@host of this process."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number that has no name
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def describe_this_process(name: str) -> Holder:
    """The holder that this process is."""
    words = [Path(sys.argv[0]).name, *takewhile(lambda word: not word.startswith("-"), sys.argv[1:])]
    pid = os.getpid()
    return Holder(name=name, machine=_read_machine(), pid=pid, started=_read_start(pid), command=" ".join(words))


def _read_machine() -> str | None:
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink(PROC / 'self/ns/pid')}"
    except OSError:
        return None


def _read_start(pid: int) -> int | None:
    """Field 22 of /proc/PID/stat; None if there is no such process, or only its exit status is left of it."""
    try:
        line = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    # Field 2 is the command in parentheses and may hold anything; the rest starts after the last one, at field 3.
    fields = line.rpartition(")")[2].split()
    return None if fields[0] in DEAD_STATES else int(fields[19])
