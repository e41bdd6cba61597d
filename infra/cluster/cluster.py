"""The cluster of a run, joined before anything runs that needs it. Imports Ray only then.

A bench has one whatever its recipe says; without `engine.hosts: ray` nothing happens.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from infra.cluster.address import ClusterPlace, check_cluster
from infra.cluster.shape import Need
from infra.sandbox.job import Job, Pool

if TYPE_CHECKING:
    from infra.cluster.fleet import Fleet


class Cluster:
    """See `fleet.Fleet` for the arguments."""

    def __init__(self, place: ClusterPlace, say: Callable[[str], None]) -> None:
        self._place, self._say = place, say
        self._fleet: Fleet | None = None
        self._lock = threading.Lock()

    def join(self) -> Fleet:
        """The fleet, joined by the first call; errors as `Fleet`, and where Ray is not installed."""
        with self._lock:  # rules look at samples in threads of their own
            if self._fleet is None:
                check_cluster(self._place.address)
                from infra.cluster.fleet import Fleet

                self._fleet = Fleet(self._place, self._say)
            return self._fleet

    def open_pool(self, job: Job) -> AbstractContextManager[Pool]:
        """Workers on its nodes, an `OpenPool`; on this machine those for a job that does not travel."""
        return self.join().crew.open_pool(job) if job.travels else job.pool()

    def require(self, needs: Sequence[Need]) -> None:
        """See before anything runs that it is there, and can give what the recipe asks for; errors as of `join` and
        `Groups.require`."""
        if needs:
            self.join().require(needs)

    def close(self) -> None:
        """Leave it, after the pools are closed."""
        fleet, self._fleet = self._fleet, None
        if fleet is not None:
            fleet.close()
