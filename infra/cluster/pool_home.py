"""Killable workers at home on a node: an actor of Ray around the same pools as on the flow's machine.

Created by `member.py`. Each batch of items has a pool of one worker to itself, so that an item that takes its whole
limit holds up its own batch and no other. If the actor ends, however it does, its templates and their workers end too:
they wait for nothing but what it says (`infra/sandbox/zygote.py`).
"""

from __future__ import annotations

import contextlib
import importlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import ray

from configs.errors import UserError
from infra.cluster.greeting import Greeting, answer
from infra.sandbox.job import Job
from infra.sandbox.killable import KillablePool, Outcome


def groups(num_lanes: int) -> dict[str, int]:
    """Threads of the actor by group of methods: it answers while all its lanes are busy."""
    return {"lanes": num_lanes, "talk": 1}


class PoolHome:
    """Pools of one node for the jobs of a run. Its methods are called by a `member.Member`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[str, list[KillablePool]] = {}
        self._over: set[str] = set()

    @ray.method(concurrency_group="talk")
    def open(self, greeting: Greeting) -> str | None:
        """Why this node is of no use, in words; None where it is of use."""
        try:
            answer(greeting, f"{socket.gethostname()} ({ray.util.get_node_ip_address()})")
        except UserError as error:
            return str(error)
        return None

    @ray.method(concurrency_group="talk")
    def pulse(self) -> None:
        """Whoever gets an answer knows that it lives."""

    @ray.method(concurrency_group="lanes")
    def look(self, name: str, job: Job, items: list[Any]) -> list[Outcome] | str:
        """One outcome an item, in their order; or why this node cannot do the job, in words.

        Args:
            name: of the flow's pool; nothing is done for one that is over.
        """
        if name in self._over:
            return []
        try:
            with self._pool(name, job) as pool:
                return list(pool.map(items))
        except UserError as error:
            return str(error)

    @ray.method(concurrency_group="talk")
    def forget(self, name: str) -> None:
        """The flow's pool is over: end its workers, each of the busy ones when its batch is done."""
        with self._lock:
            self._over.add(name)
            idle = self._idle.pop(name, [])
        for pool in idle:
            pool.__exit__()

    @contextlib.contextmanager
    def _pool(self, name: str, job: Job) -> Iterator[KillablePool]:
        """A pool that nobody else uses meanwhile: an idle one, or a new one."""
        with self._lock:
            idle = self._idle.setdefault(name, [])
            pool = idle.pop() if idle else None
        if pool is None:
            importlib.import_module(job.target.partition(":")[0])  # else no template could be a fork
            pool = job.pool(num_workers=1).__enter__()
        try:
            yield pool
        except BaseException:
            pool.__exit__()
            raise
        with self._lock:
            is_over = name in self._over
            if not is_over:
                idle.append(pool)
        if is_over:
            pool.__exit__()
