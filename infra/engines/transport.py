"""Where a session's program runs, and how messages go there and back. Used by `session.py`.

Here it is a child process; in `infra/cluster/transport.py` it is one on another machine. Messages hold whole jobs and
rows, so nothing but the model's files has to lie on both sides.
"""

from __future__ import annotations

import contextlib
import queue
import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from infra.engines.programs import OFFLINE, start_program
from infra.engines.wire import Message
from infra.process.child import Inbox

PROGRAM = "infra.engines.session_program"
CLOSE_SECONDS = 10.0


class Transport(Protocol):
    """A running session program.

    Its messages go to the inbox that it was started with, as (source, message), and (source, None) at its end, where
    `source` is what `source` gives.
    """

    @property
    def source(self) -> object:
        """What its messages in the inbox are marked with."""

    def send(self, message: Message) -> None:
        """Hand over a message; never waits for the program, not even for one that hangs or has ended."""

    def describe_end(self) -> str:
        """How the program ended, in words, with the last lines of its log."""

    def was_killed(self) -> bool:
        """Whether a signal ended the program, rather than itself."""

    def lost_machine(self) -> str | None:
        """How the machine was lost on which it ran, in words; None where it ended by itself."""

    def log_tail(self) -> str:
        """The last lines of its log."""

    def close(self, *, politely: bool) -> bool:
        """End the program and everything it holds. `politely`: it may end by itself first; False if it did not."""


Start = Callable[[Path, Mapping[str, str], bool, Inbox], Transport]
"""(log, variables of the environment, whether it may be a fork, inbox) -> a program that is starting"""


class ChildTransport:
    """A child process of this one; see `Start` for the arguments.

    Args:
        program: module of an engine program that takes a scratch folder, and commands.
    """

    def __init__(
        self, log_path: Path, env: Mapping[str, str], forks: bool, inbox: Inbox, program: str = PROGRAM
    ) -> None:
        log_path.parent.mkdir(parents=True, exist_ok=True)
        self._scratch = Path(tempfile.mkdtemp(prefix="session-", dir=log_path.parent))
        try:
            self._child = start_program(
                program,
                [str(self._scratch)],
                log_path=log_path,
                env={**OFFLINE, **env},
                stdin=True,
                inbox=inbox,
                forks=forks,
            )
        except BaseException:
            shutil.rmtree(self._scratch)
            raise
        self._outbox: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write, daemon=True)
        self._writer.start()

    @property
    def source(self) -> object:
        return self._child

    def send(self, message: Message) -> None:
        self._outbox.put(message)

    def describe_end(self) -> str:
        return self._child.describe_exit()

    def was_killed(self) -> bool:
        return (self._child.poll() or 0) < 0

    def lost_machine(self) -> str | None:
        return None

    def ended_badly(self) -> bool:
        """Whether it ended, and not with status 0."""
        return bool(self._child.poll())

    def kill(self) -> None:
        """End the program at once; it has to be closed all the same."""
        self._child.kill()

    def log_tail(self) -> str:
        return self._child.log_tail()

    def close(self, *, politely: bool) -> bool:
        ended = True
        if politely and self._child.poll() is None:
            self.send({"kind": "close"})
            try:
                self._child.wait(CLOSE_SECONDS)
            except TimeoutError:
                ended = False
        self._child.kill()
        self._outbox.put(None)
        self._writer.join()
        shutil.rmtree(self._scratch)
        return ended

    def _write(self) -> None:
        """Thread: a job is larger than a pipe, and a program that hangs does not read."""
        with contextlib.suppress(BrokenPipeError, ValueError):  # it ended, and its last message says why
            while (message := self._outbox.get()) is not None:
                self._child.send(message)
