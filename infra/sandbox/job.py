"""A function of items for workers that can be killed, said so that they can be on any machine.

    with open_pool(Job("verifier 'math'", "tasks.judge.verifiers.registry:build_verifier", 2.0)) as pool:
        for outcome in pool.map(items): ...

`open_pool` is `pool_here`, or the workers of a cluster (`infra/cluster/crew.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from infra.sandbox.killable import KillablePool, Outcome


@dataclass(frozen=True)
class Job:
    """What workers do.

    Attributes:
        what: for messages.
        target, limit_seconds, initargs, memory_bytes, imports: as of `KillablePool`.
        travels: it may be done elsewhere: it takes longer than the way there, and needs nothing of this machine alone.
    """

    what: str
    target: str
    limit_seconds: float
    initargs: tuple[Any, ...] = ()
    memory_bytes: int | None = None
    imports: tuple[str, ...] = ()
    travels: bool = True

    def pool(self, num_workers: int | None = None) -> KillablePool:
        """Workers of this machine; arguments and errors as of `KillablePool`."""
        return KillablePool(
            self.target, self.limit_seconds, num_workers, self.initargs, self.memory_bytes, imports=self.imports
        )


class Pool(Protocol):
    """Workers for one job, wherever they are."""

    def map(self, items: Iterable[Any]) -> Iterator[Outcome]:
        """One outcome an item, in order, as they come; it may read a bounded number ahead. One map at a time."""


OpenPool = Callable[[Job], AbstractContextManager[Pool]]
"""Workers for a job, until the end of the block; UserError where the function cannot be made."""


def pool_here(job: Job) -> KillablePool:
    """Workers of this machine, as many as it has cores."""
    return job.pool()
