"""The home of one node's workers, from the flow. Made by `crew.py`, and given work by `course.py`."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from infra.cluster.greeting import Greeting
from infra.cluster.pool_home import PoolHome, groups
from infra.cluster.shape import num_lanes
from infra.cluster.transport import LOST, MISSING_SECONDS
from infra.sandbox.job import Job


class Member:
    """The home of one node.

    Attributes:
        name: of the node, for messages.
        lanes: batches that it works on at a time.
        opening: answers when the home is there: None, or why it is of no use.
        is_open: it was, and can be given batches.
        num_under_way: batches that it was given and that nobody has fetched.
        refused: jobs that it cannot do.
    """

    def __init__(self, node: dict[str, Any], greeting: Greeting) -> None:
        self.name = f"{node['NodeManagerHostname']} ({node['NodeManagerAddress']})"
        self.lanes = num_lanes(node["Resources"])
        make_actor: Any = ray.remote  # whose types know no groups
        where = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
        actor = make_actor(concurrency_groups=groups(self.lanes))(PoolHome)
        self._home = actor.options(num_cpus=0, scheduling_strategy=where, max_restarts=0, max_task_retries=0).remote()
        self.opening = self._pulse = self._home.open.remote(greeting)
        self._asked_at = time.monotonic()
        self.is_open = False
        self._lock = threading.Lock()
        self.num_under_way = 0
        self.refused: set[Job] = set()

    def look(self, name: str, job: Job, items: list[Any]) -> Any:
        """Give it a batch; what `PoolHome.look` returns is to be fetched, and then `done` called."""
        self._count(1)
        return self._home.look.remote(name, job, items)

    def done(self) -> None:
        """Nobody waits for a batch any more."""
        self._count(-1)

    def _count(self, change: int) -> None:
        with self._lock:
            self.num_under_way += change

    def forget(self, name: str) -> None:
        """Let it end what it has for a pool."""
        with contextlib.suppress(*LOST):
            self._home.forget.remote(name)

    def is_missing(self) -> bool:
        """Whether it has given no sign of life for long. To be asked again and again."""
        if ray.wait([self._pulse], timeout=0)[0]:
            self._pulse, self._asked_at = self._home.pulse.remote(), time.monotonic()
        return time.monotonic() - self._asked_at > MISSING_SECONDS

    def end(self) -> None:
        """End it, with all that it started."""
        with contextlib.suppress(*LOST):
            ray.kill(self._home)
