"""The sandbox that tests run in: one for each process that judges, which forks for every program.

Tests come with the data set and are trusted to be tests, not to be harmless: they get no more rights than programs.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, ClassVar

from infra.sandbox.bubblewrap import Guest, Limits, SandboxError, wait_readable
from infra.sandbox.bubblewrap_plain import encode

_LIMITS = Limits(seconds=3600, memory_bytes=2**30, max_processes=4, max_file_bytes=16 * 2**20)
"""The tests hold what programs return. Their time ends with the program's."""
_MAX_VERDICT_BYTES = 2**16


@dataclass(frozen=True, slots=True)
class UnitTests:
    """Tests of one problem. Every text is Python source; they run in this order, in one module.

    Attributes:
        context: what tests may use of the problem's statement, such as helper functions.
        remote: global names that stand for the program's own.
        data: further global names, plain data.
        keeps_objects: the tests use attributes and methods of the program's objects.
        definitions: definitions of the tests. What fails so far is the tests' own fault.
        tests: the tests. The program passes if they raise nothing.
    """

    context: str
    remote: tuple[str, ...]
    definitions: str
    tests: str
    data: dict[str, Any] = field(default_factory=dict)
    keeps_objects: bool = False


class Checker:
    """One sandbox with the role `check`."""

    _of_process: ClassVar[tuple[int, Checker] | None] = None

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair()
        with theirs:
            self._guest = Guest("check", {"control": theirs.fileno()}, _LIMITS, 1, (theirs.fileno(),))
        try:
            self._guest.wait_started()
        except SandboxError:
            self._control.close()
            self._guest.__exit__()
            raise

    @classmethod
    def of_this_process(cls) -> Checker:
        """The one that this process keeps; it ends with the process."""
        if cls._of_process is None or cls._of_process[0] != os.getpid():
            cls._of_process = (os.getpid(), cls())
        return cls._of_process[1]

    def start(self, tests: UnitTests, requests: int, replies: int) -> int:
        """Start tests whose calls go through these pipes; returns the descriptor to give to `wait`, which closes it."""
        verdict, theirs = os.pipe()
        task = os.memfd_create("tests")
        try:
            with open(task, "wb", closefd=False) as file:
                file.write(encode({name: getattr(tests, name) for name in UnitTests.__slots__}))
            os.lseek(task, 0, os.SEEK_SET)
            socket.send_fds(self._control, [b"T"], [task, requests, replies, theirs])
        except OSError:
            os.close(verdict)
            raise self._give_up() from None
        finally:
            os.close(task)
            os.close(theirs)
        return verdict

    def wait(self, verdict: int, deadline: float) -> bytes | None:
        """What the tests wrote; None if the time was over. SandboxError if they wrote nothing."""
        with open(verdict, "rb", buffering=0) as pipe:
            if not wait_readable(verdict, deadline - monotonic()):
                self._give_up()
                return None
            content = pipe.read(_MAX_VERDICT_BYTES)
        if not content:
            raise self._give_up()
        return content

    def _give_up(self) -> SandboxError:
        """End this sandbox, so that the next program gets another."""
        Checker._of_process = None
        errors = self._guest.read_errors()
        self._control.close()
        self._guest.__exit__()
        return SandboxError(f"the sandbox of the tests ended by itself: {errors}")
