"""One try of an errand on the nodes of its places, from the flow: until it is done, fails, or a node is lost.

    home -- opened --> flow       it is there                    flow -- do --> home      what it needs
    home -- ready --> flow        it has all that it needs       flow -- begin --> home   where all are ready
    home -- progress, saved, done, error --> flow

Where there are several places each node does its part. The first answers, and the end of one is the end of all.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from infra.cluster.address import wait_seconds
from infra.cluster.errand_home import ErrandHome
from infra.cluster.failure import as_here, cause_of, ended
from infra.cluster.greeting import Greeting
from infra.cluster.group import Place
from infra.cluster.transport import ActorTransport
from infra.engines.errand import Message, OnProgress, Part, Work
from infra.engines.one_shot import log_name
from infra.process.child import Inbox

START_SECONDS = 60.0
"""beyond the wait for a place: the node imports what it needs, and is asked whether it can be of use"""
LOOK_SECONDS = 5.0
"""how often it is asked, until all are there, whether they should be elsewhere"""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Lost:
    """A node of an errand was lost.

    Attributes:
        saved: something came back before.
    """

    reason: str
    saved: bool


class Attempt:
    """An errand in places of a group.

    Args:
        num_places: that are used, each for as many of the work's devices.
        is_elsewhere: whether it should rather be begun in other places; asked until all homes are there.
        work_dir: for the logs of all processes.
    """

    def __init__(
        self,
        work: Work,
        place: Place,
        num_places: int,
        greeting: Greeting,
        is_elsewhere: Callable[[], bool],
        work_dir: Path,
    ) -> None:
        self._work, self._work_dir, self._is_elsewhere = work, work_dir, is_elsewhere
        self._inbox: Inbox = queue.SimpleQueue()
        self._deadline: float | None = time.monotonic() + wait_seconds() + START_SECONDS
        self._has_saved = False
        self._opened: dict[ActorTransport, Message] = {}
        self._ready: dict[ActorTransport, Message] = {}
        self._done: set[ActorTransport] = set()
        num_each = work.wanted(0).num // num_places
        logs = [work_dir / log_name(number * num_each) for number in range(num_places)]
        self._logs = {self._home(place, greeting, log): log for log in logs}
        self._first = next(iter(self._logs))

    def run(self, message: Message, on_progress: OnProgress | None) -> Message | Lost:
        """Do it.

        Args:
            message: `do`, for every home.

        Returns:
            What the first tells at its end.

        Raises:
            UserError: it cannot be done, as a node tells it; EngineEndedError: no node took it in time.
        """
        try:
            for home in self._logs:
                home.send(message)
            return self._follow(on_progress)
        finally:
            with ThreadPoolExecutor(len(self._logs)) as pool:  # one that does not answer keeps none of the others
                list(pool.map(lambda home: home.close(politely=True), self._logs))

    def _home(self, place: Place, greeting: Greeting, log: Path) -> ActorTransport:
        return ActorTransport(place, greeting, log, {}, True, self._inbox, ErrandHome)

    def _follow(self, on_progress: OnProgress | None) -> Message | Lost:
        while True:
            found = self._next()
            if isinstance(found, Lost):
                return found
            home, message = found
            if message is None:
                if home not in self._done:
                    return self._end(home)
                continue
            kind = message.pop("kind")
            if kind == "error":
                return self._failed(home, message)
            if kind == "done" and home is self._first:
                return message
            if kind == "progress" and on_progress is not None:
                on_progress(message)
            self._note(home, kind, message)

    def _note(self, home: ActorTransport, kind: str, message: Message) -> None:
        """What is told on the way to the end."""
        if kind == "opened":
            self._opened[home] = message
            if len(self._opened) == len(self._logs):
                self._deadline = None
                nodes = ", ".join(self._opened[one]["node"] for one in self._logs)
                logger.info("%s is at home on node %s", self._work.what, nodes)
        elif kind == "ready":
            self._ready[home] = message
            if len(self._ready) == len(self._logs):
                self._begin()
        elif kind == "saved":
            self._has_saved = True
        elif kind == "done":
            self._done.add(home)

    def _begin(self) -> None:
        hosts = [self._ready[home]["host"] for home in self._logs]
        meeting = f"{hosts[0]}:{self._ready[self._first]['port']}"
        for number, home in enumerate(self._logs):
            part = Part(number, len(hosts), meeting, hosts[number]) if len(hosts) > 1 else None
            home.send({"kind": "begin", "work": self._work.elsewhere(part), "saves": home is self._first})

    def _next(self) -> tuple[ActorTransport, Message | None] | Lost:
        """What a node says next.

        Raises:
            EngineEndedError: there is none that the program could run on.
        """
        while True:
            left = None if self._deadline is None else max(0.0, self._deadline - time.monotonic())
            with contextlib.suppress(queue.Empty):
                home, message = self._inbox.get(timeout=left if left is None else min(left, LOOK_SECONDS))
                assert isinstance(home, ActorTransport)
                return home, message
            if left == 0:
                raise ended(f"{self._work.what}: no machine of the cluster took it within {wait_seconds():g} s")
            if self._is_elsewhere():
                return Lost("there is no other for its place", self._has_saved)

    def _end(self, home: ActorTransport) -> Lost:
        lost = home.lost_machine()
        if lost is None:
            raise ended(f"{self._work.what}: its home ended: {home.describe_end()}; log: {self._logs[home]}")
        return Lost(lost, self._has_saved)

    def _failed(self, home: ActorTransport, error: Message) -> Lost:
        has_begun = len(self._ready) == len(self._logs)  # before that nobody misses anybody
        others = [one for one in self._logs if one is not home and one not in self._done] if has_begun else []
        cause, told = cause_of(others, self._inbox, home, error)
        if told is None:
            return self._end(cause)
        there = self._opened.get(cause, {}).get("work_dir", "")
        raise as_here(told, there, self._work_dir, self._logs[cause])
