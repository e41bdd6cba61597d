"""One map of a `CrewPool`: which batches of items are where, and what becomes of those that come back undone.

course = Course(crew, job, name, items)
while course.hand_out():
    yield from course.collect()
yield from course.rest()                # by this machine, where no node is left
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import ray

from infra.cluster.member import Member
from infra.cluster.transport import LOST, in_words
from infra.sandbox.job import Job
from infra.sandbox.killable import Outcome

if TYPE_CHECKING:
    from infra.cluster.crew import Crew

ITEMS_PER_BATCH = 16
"""at most: a job that travels takes a millisecond an item and more, the way there and back about as long a batch. The
first batches are smaller, so that few items, which may take seconds each, are shared by many"""
BATCHES_PER_LANE = 2
"""given to a node at a time by one map: it goes on while the flow does other things"""
BATCHES_AHEAD = 256
"""read but not yet yielded: as many items as the pool of one machine reads ahead, or more where nodes have the room"""
WAIT_SECONDS = 5.0
"""without an answer, after which nodes are asked whether they live"""


@dataclass(frozen=True)
class _Batch:
    number: int
    items: list[Any]


@dataclass(frozen=True)
class _Given:
    batch: _Batch
    member: Member


@dataclass
class Course:
    """Which batches of one map are where.

    Attributes:
        name: of the pool, for the homes.
    """

    crew: Crew
    job: Job
    name: str
    items: Iterator[Any]
    returned: deque[_Batch] = field(default_factory=deque)
    under_way: dict[Any, _Given] = field(default_factory=dict)
    finished: dict[int, list[Outcome]] = field(default_factory=dict)
    num_read: int = 0
    num_yielded: int = 0

    def hand_out(self) -> bool:
        """Give nodes what they have room for; False where there is nothing left to wait for from any."""
        members = self._members()
        num_lanes = sum(member.lanes for member in members)
        most_ahead = max(BATCHES_AHEAD, 2 * BATCHES_PER_LANE * num_lanes)
        while (member := self._freest(members)) is not None:
            if not self.returned and self.num_read - self.num_yielded < most_ahead:
                self._read_one(num_lanes)
            if not self.returned:
                break
            self._give(self.returned.popleft(), member)
        return bool(self.under_way or (self.returned and members))

    def collect(self) -> Iterator[Outcome]:
        """Wait for an answer or for a home; the outcomes that come next."""
        opening = {member.opening: member for member in self.crew.members(self.job) if not member.is_open}
        refs = [*self.under_way, *opening]
        if not refs:  # another thread has heard of the homes that this one was to wait for
            return
        ready, _ = ray.wait(refs, num_returns=1, timeout=WAIT_SECONDS)
        for ref in ready:
            if ref in opening:
                self.crew.settle(opening[ref])
            else:
                self._fetch(ref)
        if not ready:
            self._look_for_missing()
        while self.num_yielded in self.finished:
            self.num_yielded += 1
            yield from self.finished.pop(self.num_yielded - 1)

    def rest(self) -> Iterator[Outcome]:
        """What no node has done, by this machine; and what nodes have, in its place."""
        more = next(self.items, None) if not self.returned else None
        if not self.returned and more is None:
            return
        self.crew.say(f"{self.job.what}: no node of the cluster can do this; it goes on on the machine of the run")
        waiting = sorted(self.returned, key=lambda batch: batch.number)
        sizes = {batch.number: len(batch.items) for batch in waiting}
        unread = chain(() if more is None else (more,), self.items)
        with self.job.pool() as pool:
            found = pool.map(chain(chain.from_iterable(batch.items for batch in waiting), unread))
            for number in range(self.num_yielded, self.num_read):
                yield from islice(found, sizes[number]) if number in sizes else self.finished.pop(number)
            yield from found

    def end(self) -> None:
        """Nobody waits for what is still under way."""
        while self.under_way:
            self.under_way.popitem()[1].member.done()

    def _members(self) -> list[Member]:
        """Those that there are; where there are none left, others are looked for before this machine goes on."""
        is_first = not self.num_read and self._read_one(1)
        if is_first or self.under_way:
            self.crew.gather(at_once=is_first)
        found = self.crew.members(self.job)
        if not found and (self.returned or self._read_one(1)):
            self.crew.gather(at_once=True)
            found = self.crew.members(self.job)
        return found

    def _read_one(self, num_lanes: int) -> bool:
        """Read one more batch; False at the end."""
        size = min(ITEMS_PER_BATCH, 1 + self.num_read // num_lanes)
        if items := list(islice(self.items, size)):
            self.returned.append(_Batch(self.num_read, items))
            self.num_read += 1
        return bool(items)

    def _freest(self, members: list[Member]) -> Member | None:
        own = {id(member): 0 for member in members}
        for given in self.under_way.values():
            own[id(given.member)] = own.get(id(given.member), 0) + 1
        free = [one for one in members if one.is_open and own[id(one)] < BATCHES_PER_LANE * one.lanes]
        return min(free, key=lambda one: one.num_under_way / one.lanes, default=None)

    def _give(self, batch: _Batch, member: Member) -> None:
        self.under_way[member.look(self.name, self.job, batch.items)] = _Given(batch, member)

    def _fetch(self, ref: Any) -> None:
        given = self.under_way.pop(ref)
        given.member.done()
        found: list[Outcome] | str | None = None
        try:
            found = ray.get(ref)
        except LOST as error:
            self.crew.lose(given.member, in_words(error))
        if isinstance(found, list):
            self.finished[given.batch.number] = found
            return
        self.returned.append(given.batch)
        if found is not None:
            self.crew.refuse(given.member, self.job, found)

    def _look_for_missing(self) -> None:
        for member in self.crew.members(self.job):
            if member.is_missing():
                self.crew.lose(member, "it gives no sign of life")
