"""The nodes that run the verifiers of a run, from the flow: a home for killable workers on each, made when needed.

    with crew.open_pool(job) as pool:       # as `infra/sandbox/job.py`
        for outcome in pool.map(items): ...

Homes take nothing of the cluster's places: Ray is asked for no processor, so sessions and trainings never wait for
them. How many batches a node works on at a time is `shape.num_lanes`. A home that is lost costs nothing: see
`course.py`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter

import ray

from infra.cluster.crew_pool import CrewPool
from infra.cluster.greeting import Greeting
from infra.cluster.group import living
from infra.cluster.member import Member
from infra.cluster.shape import num_lanes
from infra.cluster.transport import LOST, in_words
from infra.sandbox.job import Job

GATHER_SECONDS = 30.0
"""after which nodes that came since are looked for while work goes on"""
MAX_HOMES = 3
"""that a node may lose before it is left out: one that runs out of memory would lose any"""

logger = logging.getLogger(__name__)


class Crew:
    """The homes of one run. Its pools may be used by several threads, each pool by one.

    Args:
        greeting: what each node is asked before it gets work.
    """

    def __init__(self, greeting: Greeting) -> None:
        self._greeting = greeting
        self._lock = threading.Lock()
        self._members: dict[str, Member] = {}
        self._num_lost: Counter[str] = Counter()
        self._said: set[str] = set()
        self._gathered_at = -GATHER_SECONDS

    def open_pool(self, job: Job) -> CrewPool:
        """Workers for a job on all nodes that can do it."""
        return CrewPool(self, job)

    def gather(self, at_once: bool) -> None:
        """Have a home on every node that has none, such as one that came since.

        Args:
            at_once: else only if that was long ago.

        Raises:
            EngineEndedError: the cluster's head is lost.
        """
        if not at_once and time.monotonic() - self._gathered_at < GATHER_SECONDS:
            return
        self._gathered_at = time.monotonic()
        found = living()
        with self._lock:
            for node in found:
                name = node["NodeID"]
                is_of_use = self._num_lost[name] < MAX_HOMES and num_lanes(node["Resources"]) > 0
                if is_of_use and name not in self._members:
                    self._members[name] = Member(node, self._greeting)

    def members(self, job: Job) -> list[Member]:
        """Those that can do a job, or may turn out to."""
        with self._lock:
            return [member for member in self._members.values() if job not in member.refused]

    def forget(self, name: str) -> None:
        """A pool is over."""
        with self._lock:
            members = list(self._members.values())
        for member in members:
            member.forget(name)

    def settle(self, member: Member) -> None:
        """Hear what a home says that has opened."""
        try:
            complaint = ray.get(member.opening)
        except LOST as error:
            self.lose(member, in_words(error))
            return
        if complaint is None:
            member.is_open = True
        elif self._remove(member, MAX_HOMES):
            self.say(f"verifiers do without a node: {complaint}")

    def lose(self, member: Member, reason: str) -> None:
        """Do without a home from now on; another is made, if the node is still there."""
        if self._remove(member):
            self.say(f"verifiers lost node {member.name}: {reason}; the others go on")

    def refuse(self, member: Member, job: Job, complaint: str) -> None:
        """Give it nothing of a job any more."""
        member.refused.add(job)
        self.say(f"{job.what}: node {member.name} of the cluster is left out: {complaint}")

    def say(self, message: str) -> None:
        """Warn, once in a run."""
        with self._lock:
            is_new = message not in self._said
            self._said.add(message)
        if is_new:
            logger.warning("%s", message)

    def close(self) -> None:
        """End all homes."""
        with self._lock:
            members, self._members = self._members, {}
        for member in members.values():
            member.end()

    def _remove(self, member: Member, num_lost: int = 1) -> bool:
        """False where another thread has done it."""
        with self._lock:
            nodes = [node for node, own in self._members.items() if own is member]
            for node in nodes:
                del self._members[node]
                self._num_lost[node] += num_lost
        member.end()
        return bool(nodes)
