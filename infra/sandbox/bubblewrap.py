"""Sandboxes for programs that nobody has read: one bubblewrap container a program, with limits, that leaves nothing.

Used by `bubblewrap_run.py`, which says what runs in them. `bubblewrap_command.py` says what they can see.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import select
import signal
import subprocess
from dataclasses import dataclass
from functools import cache
from math import ceil
from time import monotonic
from typing import Any

from infra.sandbox.bubblewrap_command import choose_identity, compile_guest, find_bubblewrap, make_command
from infra.sandbox.bubblewrap_filter import make_filter
from infra.sandbox.bubblewrap_guest import MAX_OPEN_FILES
from infra.sandbox.bubblewrap_plain import encode

START_SECONDS = 60.0
"""Wall clock for a sandbox to start: 0.1 s, unless the machine has more to do than it can."""

_NOTE_BYTES = 500
_PR_SET_CHILD_SUBREAPER = 36  # from linux/prctl.h


@dataclass(frozen=True, slots=True)
class Limits:
    """What one program may use.

    Attributes:
        seconds: wall clock of the program; the start of its sandbox has `START_SECONDS` of its own.
        memory_bytes: address space of each process.
        max_processes: processes and threads together, the program's first one included.
        max_file_bytes: size of each file, of all files together, and of standard output.
    """

    seconds: float
    memory_bytes: int
    max_processes: int
    max_file_bytes: int


class SandboxError(Exception):
    """The sandbox itself failed, before or beside the program: nothing is known about the program."""


class Guest:
    """One running sandbox. A context manager: when the block ends, no process of it is left.

    If the caller is killed instead, with its process group as `KillablePool` does it, the sandbox goes too: its first
    process never leaves that group, and whatever is inside dies with its first process.

    Args:
        role: see `bubblewrap_guest.py`.
        setup: what the role needs.
        limits: for everything in the sandbox.
        slot: 0 or 1; two guests that one process runs at the same time need different ones.
        descriptors: the caller's, kept open in the guest under the same numbers.
        stdin: the program's standard input.
        keeps_output: standard output is kept for `read_output`; otherwise it is thrown away.
    """

    def __init__(
        self,
        role: str,
        setup: dict[str, Any],
        limits: Limits,
        slot: int = 0,
        descriptors: tuple[int, ...] = (),
        stdin: bytes = b"",
        keeps_output: bool = False,
    ) -> None:
        self._files: list[int] = []
        self._seconds = limits.seconds
        self._output, self._errors = self._new_file(), self._new_file()
        self._ready, ready = os.pipe()
        self._info, info = os.pipe()
        self._files += [self._ready, self._info]
        identity = choose_identity(slot)
        setup = {
            **setup,
            **{"role": role, "uid": identity.uid, "gid": identity.gid, "ready": ready},
            "limits": _kernel_limits(limits, identity.num_own_processes),
        }
        setup_file, filter_ = self._new_file(compile_guest() + encode(setup)), _filter()
        seccomp = self._new_file(filter_) if filter_ is not None else None
        _adopt_orphans(True)
        given = (*descriptors, ready, setup_file, info, *(() if seccomp is None else (seccomp,)))
        try:
            self._process = subprocess.Popen(
                make_command(find_bubblewrap(), limits.max_file_bytes, setup_file, info, seccomp),
                env={},
                stdin=self._new_file(stdin),
                stdout=self._output if keeps_output else subprocess.DEVNULL,
                stderr=self._errors,
                pass_fds=given,
            )
        except BaseException:
            self._close_files()
            raise
        finally:
            os.close(info)
            os.close(ready)

    def __enter__(self) -> Guest:
        return self

    def __exit__(self, *error: object) -> None:
        match = re.search(rb'"child-pid": *(\d+)', self._read_info())
        first = int(match[1]) if match is not None else None
        if first is not None and self._process.poll() is None:
            # Not bwrap itself: were it killed while it starts, what it started would stay. It ends with the sandbox.
            with contextlib.suppress(ProcessLookupError):
                os.kill(first, signal.SIGKILL)
        self._process.wait()
        if first is not None:
            with contextlib.suppress(ChildProcessError):  # bwrap has seen to it, or nobody has
                os.waitpid(first, 0)
        _adopt_orphans(False)
        self._close_files()

    def wait_started(self) -> float:
        """When the program's time will be over, on the monotonic clock. SandboxError if the sandbox does not start."""
        is_told = wait_readable(self._ready, START_SECONDS)
        if not is_told or not os.read(self._ready, 1):
            reason = (
                (self.read_errors() or "it ended by itself") if is_told else f"it took longer than {START_SECONDS:g} s"
            )
            raise SandboxError(f"the sandbox did not start: {reason}")
        return monotonic() + self._seconds

    def wait(self, deadline: float) -> int | None:
        """Exit status, 128 and more for a signal; None if the time is over."""
        descriptor = os.pidfd_open(self._process.pid)
        try:
            is_ended = wait_readable(descriptor, deadline - monotonic())
        finally:
            os.close(descriptor)
        return self._process.wait() if is_ended else None

    def read_output(self) -> bytes:
        """All standard output; at most the limit for files."""
        return os.pread(self._output, os.fstat(self._output).st_size, 0)

    def read_errors(self) -> str:
        """The end of standard error."""
        size = os.fstat(self._errors).st_size
        return os.pread(self._errors, _NOTE_BYTES, max(0, size - _NOTE_BYTES)).decode("utf-8", "replace").strip()

    def _read_info(self) -> bytes:
        """What bwrap says about its first process; empty if it failed before it had one."""
        parts = []
        while part := os.read(self._info, 4096):
            parts.append(part)
        return b"".join(parts)

    def _new_file(self, content: bytes = b"") -> int:
        descriptor = os.memfd_create("guest")
        self._files.append(descriptor)
        with open(descriptor, "wb", closefd=False) as file:
            file.write(content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        return descriptor

    def _close_files(self) -> None:
        for descriptor in self._files:
            with contextlib.suppress(OSError):
                os.close(descriptor)


def wait_readable(descriptor: int, seconds: float) -> bool:
    """Whether there is something to read, or the other end is gone, within this time."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(max(0.0, seconds) * 1000))


def _kernel_limits(limits: Limits, num_own_processes: int) -> dict[str, int]:
    """Values for setrlimit(2), by name."""
    return {
        "AS": limits.memory_bytes,
        "NPROC": limits.max_processes + num_own_processes,
        "FSIZE": limits.max_file_bytes,
        "NOFILE": MAX_OPEN_FILES,
        "CPU": ceil(limits.seconds) + 1,
        "CORE": 0,
    }


def _adopt_orphans(is_wanted: bool) -> None:
    """bwrap may end before the sandbox's first process has: that one is waited for here then, rather than by init.

    Where a container has no init, each would otherwise stay in the process table for good.
    """
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, int(is_wanted), 0, 0, 0)


@cache
def _filter() -> bytes | None:
    return make_filter()
