"""Start a command under `guard.py`, in a session of its own. Used by `child.py`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from infra.process import guard


@dataclass(frozen=True)
class Descriptors:
    """What a process is born with: file descriptors, closed by whoever opened them."""

    stdin: int
    stdout: int
    stderr: int
    lifeline: int


class Started(Protocol):
    """A guard that has been started; `pid` is its process id and that of its group."""

    pid: int

    def wait_until_dead(self) -> None:
        """Wait for its end. Until `wait` its id stays taken, so that it cannot be somebody else's."""

    def wait(self) -> int:
        """Its exit status, negative for a signal."""


class Spawned:
    """A guard that runs a new program."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], born_with: Descriptors) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__, str(born_with.lifeline), "--", *command],
            stdin=born_with.stdin,
            stdout=born_with.stdout,
            stderr=born_with.stderr,
            env=environment,
            pass_fds=[born_with.lifeline],
            start_new_session=True,
        )
        self.pid = self._process.pid

    def wait_until_dead(self) -> None:
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)

    def wait(self) -> int:
        return self._process.wait()
