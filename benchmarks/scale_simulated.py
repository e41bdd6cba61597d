"""A fleet of simulated engines under the production scheduler, in virtual time. Used by `scale.py`.

What is simulated: engines that share their tokens a second among the sequences they work on, messages to the control
side, its processor, which handles them one after the other, and engines that die, or are slower than others. Who gets
what, and what becomes of the work of the dead, is decided by `infra/engines/schedule.py`, as in a run.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from configs.schema.drawing import Sampling
from infra.engines.questions import Request
from infra.engines.schedule import Schedule
from infra.engines.wire import Job, Shard

PROGRESS_SECONDS = 0.5
"""an engine tells how far it is that often (`infra/engines/session_program.py`)"""


@dataclass(frozen=True)
class Fleet:
    """What is simulated.

    Attributes:
        tokens_a_second: of one engine with enough to do.
        sequence_speed: most tokens a second of one sequence.
        width: sequences that an engine works on together.
        load_seconds: of an engine that died and starts again.
        deaths_an_hour: of each engine.
        slow: engines that work at a quarter of the others' speed.
        sample_seconds: of the control side's processor for one sample, from the message to the file in the store.
        message_seconds: of the same for a message without samples.
    """

    num_engines: int
    tokens_a_second: float = 10_000.0
    sequence_speed: float = 100.0
    width: int = 512
    load_seconds: float = 60.0
    deaths_an_hour: float = 0.0
    slow: frozenset[int] = frozenset()
    sample_seconds: float = 0.0
    message_seconds: float = 0.0


def lengths_of(seed: int) -> Callable[[], float]:
    """Lengths of samples in tokens: lognormal with a mean of 300, cut at 2,048."""
    chance, sigma = random.Random(seed), 0.7
    mu = math.log(300) - sigma**2 / 2
    return lambda: min(2048.0, chance.lognormvariate(mu, sigma))


def shards_of(num_samples: int, num_draws: int = 32, shard_size: int = 64) -> Iterator[Shard]:
    """The published shards of a stage, each of whole problems."""
    num_problems, sampling = num_samples // num_draws, Sampling()
    for start in range(0, num_problems, shard_size):
        ids = range(start, min(start + shard_size, num_problems))
        yield Shard(f"ask-{start}", tuple(Request(str(id), (), num_draws) for id in ids), sampling)


@dataclass
class Engine:
    """One engine: sequences at work, with when they end in tokens of the engine's own clock, and those that wait."""

    speed: float
    fleet: Fleet
    at_work: list[tuple[float, str]] = field(default_factory=list)
    waiting: deque[tuple[float, str]] = field(default_factory=deque)
    left: dict[str, int] = field(default_factory=dict)
    done: dict[str, int] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    tokens: float = 0.0
    now: float = 0.0
    told_at: float = 0.0
    life: int = 0
    ready_at: float = 0.0

    def take(self, job: Job, lengths: Callable[[], float]) -> None:
        self.left[job.name] = self.sizes[job.name] = job.num_samples
        self.waiting.extend((lengths(), job.name) for _ in range(job.num_samples))
        self._admit()

    def next_end(self) -> float | None:
        """When the next sequence ends, if nothing else happens."""
        if not self.at_work:
            return None
        return max(self.now, self.ready_at) + (self.at_work[0][0] - self.tokens) / self._rate()

    def advance(self, now: float) -> None:
        """Let time pass; sequences that end are counted."""
        begun = max(self.now, self.ready_at)
        if self.at_work and now > begun:
            self.tokens += (now - begun) * self._rate()
        self.now = now
        while self.at_work and self.at_work[0][0] <= self.tokens + 1e-6:
            _, name = heapq.heappop(self.at_work)
            self.left[name] -= 1
            self.done[name] = self.done.get(name, 0) + 1
        self._admit()

    def die(self, now: float) -> None:
        self.life += 1
        self.now, self.ready_at = now, now + self.fleet.load_seconds
        for held in (self.at_work, self.waiting, self.left, self.done, self.sizes):
            held.clear()

    def _admit(self) -> None:
        while self.waiting and len(self.at_work) < self.fleet.width:
            length, name = self.waiting.popleft()
            heapq.heappush(self.at_work, (self.tokens + length, name))

    def _rate(self) -> float:
        """Tokens a second of each sequence at work."""
        return self.speed * min(self.fleet.sequence_speed, self.fleet.tokens_a_second / len(self.at_work))


class Simulation:
    """Run all shards through a fleet; `run` gives the seconds it took.

    Attributes:
        now: seconds of the virtual clock.
        answered: names of shards, in the order in which they were answered.
    """

    def __init__(self, fleet: Fleet, num_samples: int, seed: int = 1) -> None:
        self.fleet, self.answered = fleet, list[str]()
        self.now, self._free_at, self._wake_at, self._order = 0.0, 0.0, 0.0, 0
        self._lengths, self._chance = lengths_of(seed), random.Random(f"deaths {seed}")
        self._engines = [Engine(0.25 if n in fleet.slow else 1.0, fleet) for n in range(fleet.num_engines)]
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._next: list[float] = [math.inf] * fleet.num_engines
        self._schedule = Schedule(
            shards_of(num_samples), fleet.num_engines, fleet.width, works_together=True, clock=lambda: self.now
        )

    def run(self) -> float:
        if self.fleet.deaths_an_hour:
            for number in range(self.fleet.num_engines):
                self._plan_death(number)
        self._feed()
        while self._schedule.is_busy:
            self.now, _, happen = heapq.heappop(self._events)
            happen()
        return self.now

    def _at(self, when: float, happen: Callable[[], None]) -> None:
        self._order += 1
        heapq.heappush(self._events, (when, self._order, happen))

    def _feed(self) -> None:
        while (given := self._schedule.assign()) is not None:
            number, job = given
            engine = self._engines[number]
            engine.advance(self.now)
            engine.take(job, self._lengths)
            self._look(number)
        patience = self._schedule.patience()
        if patience is not None and not self.now < self._wake_at <= self.now + patience:
            self._wake_at = self.now + patience
            self._at(self._wake_at, self._feed)

    def _look(self, number: int) -> None:
        """Wake up when the engine's next sequence ends."""
        engine = self._engines[number]
        when, life = engine.next_end(), engine.life
        if when is not None and when != self._next[number]:
            self._next[number] = when
            self._at(when, lambda: self._ended(number, when, life))

    def _ended(self, number: int, when: float, life: int) -> None:
        engine = self._engines[number]
        if life != engine.life or when != self._next[number]:
            return
        engine.advance(self.now)
        for name in [name for name, left in engine.left.items() if not left]:
            engine.done.pop(name)
            del engine.left[name]
            self._tell(engine.sizes.pop(name), partial(self._finished, number, life, name))
        if engine.done and self.now - engine.told_at >= PROGRESS_SECONDS:
            engine.told_at, told = self.now, dict(engine.done)
            engine.done = dict.fromkeys(engine.done, 0)
            self._tell(0, lambda: self._progressed(number, life, told))
        self._look(number)

    def _tell(self, num_samples: int, handle: Callable[[], None]) -> None:
        """A message to the control side, which handles one at a time."""
        cost = self.fleet.message_seconds + num_samples * self.fleet.sample_seconds
        self._free_at = max(self.now, self._free_at) + cost
        self._at(self._free_at, handle)

    def _progressed(self, number: int, life: int, told: dict[str, int]) -> None:
        if life == self._engines[number].life:
            for name, num_done in told.items():
                self._schedule.progress(number, name, num_done)
            self._feed()

    def _finished(self, number: int, life: int, name: str) -> None:
        if life == self._engines[number].life:
            answered = self._schedule.finish(number, name, [])
            if answered is not None:
                self.answered.append(answered[0].name)
            self._feed()

    def _plan_death(self, number: int) -> None:
        after = self._chance.expovariate(self.fleet.deaths_an_hour / 3600)
        self._at(self.now + after, lambda: self._die(number))

    def _die(self, number: int) -> None:
        self._engines[number].advance(self.now)
        self._engines[number].die(self.now)
        self._schedule.lose(number, "died")
        self._plan_death(number)
        self._feed()
