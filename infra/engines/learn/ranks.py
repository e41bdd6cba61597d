"""The processes of a learner on the control side, one a device: where one of them fails, all end. No torch.

    learner -- train, stop --> all of them        learner -- anything else --> the first
    learner <-- messages -- the first             why one of them failed, whichever it was

Each has a guard of its own, so that none outlives its starter. They find each other through a file (`train/group.py`).
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from infra.engines.one_shot import ENDS_SECONDS
from infra.engines.train.trainer import MEETING
from infra.engines.transport import ChildTransport
from infra.engines.wire import Message
from infra.process.child import Inbox

PROGRAM = "infra.engines.learn.learner_program"


def log_name(rank: int | str) -> str:
    """File of the log of one process; what is no number is a pattern."""
    return f"learner-{rank}.log" if rank else "learner.log"


class Ranks:
    """The first of them is whom messages are from, and go to.

    Args:
        work_dir: logs, `learner.log` of the first and `learner-1.log`, ... of the others; and where they meet.
        env: of all of them.
        inbox: where messages of the first go; at last the error that one of them told, and where it is logged, or the
            end of one that told nothing.
        task: first command of all; each is told its number besides.
    """

    def __init__(self, work_dir: Path, env: Mapping[str, str], num_devices: int, inbox: Inbox, task: Message) -> None:
        self._inbox: Inbox = inbox
        self._own: Inbox = queue.SimpleQueue()
        self._all: list[ChildTransport] = []
        self._is_closed = False
        meeting = work_dir / MEETING
        meeting.unlink(missing_ok=True)
        self._logs = [work_dir / log_name(rank) for rank in range(num_devices)]
        try:
            for log in self._logs:
                self._all.append(ChildTransport(log, env, True, self._own, PROGRAM))
        except BaseException:
            self.close()
            raise
        self._failed = self._all[0]
        for rank, one in enumerate(self._all):
            one.send({**task, "rank": rank, "num_devices": num_devices, "meeting": str(meeting)})
        threading.Thread(target=self._pass_on, daemon=True).start()

    @property
    def source(self) -> object:
        return self._all[0].source

    def send(self, message: Message) -> None:
        """To the first."""
        self._all[0].send(message)

    def send_to_all(self, message: Message) -> None:
        for one in self._all:
            one.send(message)

    def hand_over(self, rows: Path, message: Message) -> None:
        """To all, with a file that goes with it."""
        self.send_to_all({**message, "path": str(rows)})

    def describe_end(self) -> str:
        """How the one ended that failed, in words, with the last lines of its log."""
        of_several = f"process {self._all.index(self._failed)} of {len(self._all)}: " if len(self._all) > 1 else ""
        return of_several + self._failed.describe_end()

    def was_killed(self) -> bool:
        """Whether a signal ended it, rather than itself."""
        return self._failed.was_killed()

    def lost_machine(self) -> str | None:
        """It is this one."""
        return None

    def log_tail(self) -> str:
        """The last lines of the first one's log."""
        return self._all[0].log_tail()

    def close(self) -> None:
        """End all of them, whatever they do."""
        self._is_closed = True
        for one in self._all:
            one.close(politely=False)

    def _pass_on(self) -> None:
        """Thread: a failure is seen at once, also while nobody waits for the learner."""
        while True:
            source, message = self._own.get()
            if self._is_closed:
                return
            is_first = source is self.source
            if message is not None and message["kind"] != "error":
                if is_first:
                    self._inbox.put((source, message))
            elif message is not None or is_first or self._of(source).ended_badly():
                self._end_all(source, message)
                return

    def _end_all(self, source: object, error: Message | None) -> None:
        """One has failed, and others fail since it is gone: of those that tell nothing the one that was killed is the
        cause, of those that tell why the first."""
        failed, ended = self._of(source), {source} if error is None else set()
        deadline = time.monotonic() + ENDS_SECONDS
        with contextlib.suppress(queue.Empty):
            while len(ended) < len(self._all):
                other, message = self._own.get(timeout=max(0.0, deadline - time.monotonic()))
                if message is None:
                    ended.add(other)
                elif message["kind"] == "error" and error is None:
                    failed, error = self._of(other), message
        killed = next((one for one in self._all if one.was_killed()), None)
        if self._is_closed:
            return
        for one in self._all:
            one.kill()
        self._failed = killed or failed
        told = None if killed or error is None else {**error, "log": str(self._logs[self._all.index(failed)])}
        self._inbox.put((self.source, told))

    def _of(self, source: object) -> ChildTransport:
        return next(one for one in self._all if one.source is source)
