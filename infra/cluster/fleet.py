"""The cluster of a run: connected once, greeted, and asked for places. Used by `infra/engines/pool.py`.

    fleet = Fleet(place, print)
    pool = fleet.open_pool(engine, parcel, folder)      # an ordinary pool, whose sessions are elsewhere
    fleet.close()

What stays in the flow is the schedule: who works on what, what is asked again, what is published. If the flow ends,
however it does, Ray ends what it started, and nothing of it is left on any node.
"""

from __future__ import annotations

import logging
import signal
import threading
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path

import ray
import ray._private.worker as ray_worker

from configs.errors import EngineError
from configs.schema.engine import LocalEngine
from infra.cluster.address import FIX, ClusterPlace, check_cluster, wait_seconds
from infra.cluster.crew import Crew
from infra.cluster.errands import FOLDER, ErrandPlaces
from infra.cluster.fleet_pool import FleetPool
from infra.cluster.freight import Freight
from infra.cluster.greeting import Greeting, own_version
from infra.cluster.group import Groups
from infra.cluster.live_pool import LivePool
from infra.cluster.parcel import ModelParcel
from infra.cluster.segments import OnNode
from infra.cluster.shape import Need, shape_beside, shape_of
from infra.engines.errand import Errand
from infra.engines.learn.work import LearnWork
from infra.engines.live_weights import Follows


class Fleet:
    """A connection to the cluster.

    Args:
        say: gets a line when the cluster is waited for.

    Attributes:
        errands: home of work that is done once, such as a training.
        crew: homes of verifiers.

    Raises:
        EngineError: nothing answers at the address, or it is another version of Ray or of Python.
        StoreError: the store cannot be written.
    """

    def __init__(self, place: ClusterPlace, say: Callable[[str], None]) -> None:
        self._store, self._folder = place.store, place.folder
        self._is_ours = connect(place.address)
        self._greeting = Greeting(own_version(), place.store.uri, f"{place.folder}/word", uuid.uuid4().hex)
        self._store.put(self._greeting.key, self._greeting.word.encode())
        self._groups = Groups(wait_seconds(), say)
        self.crew = Crew(self._greeting)
        self.errands = ErrandPlaces(self._groups, self._greeting, place.store, place.folder)

    def open_pool(self, engine: LocalEngine, model: ModelParcel, work_dir: Path) -> FleetPool:
        """A pool whose sessions run in places of the cluster, as many as `engine.devices` says."""
        return FleetPool(engine, model, work_dir, self._need(engine), self._groups, self._greeting)

    def open_beside(
        self, engine: LocalEngine, model: ModelParcel, work_dir: Path, follows: Follows, segment: str
    ) -> LivePool:
        """A pool whose sessions follow the learner of a segment, which has its place already.

        Args:
            segment: name of its errand.
        """
        freight = Freight(self._store, f"{self._folder}/{FOLDER}/{segment}").within("live")
        return LivePool(engine, model, work_dir, self._need(engine), self._groups, self._greeting, follows, freight)

    def _need(self, engine: LocalEngine) -> Need:
        """Of sessions, beside whatever the run has when it takes them."""
        return Need("engine.devices", lambda found: shape_beside(shape_of(engine, found), engine, self._groups.held()))

    def learner(self, segment: Errand[LearnWork]) -> OnNode:
        """A place for the learner of a segment."""
        return OnNode(segment, self._groups, self._greeting, self._store, self._folder)

    def require(self, needs: Iterable[Need]) -> None:
        """See that the cluster can give what the recipe asks for, each for itself; errors as `Groups.require`."""
        for need in needs:
            self._groups.require(need)

    def close(self) -> None:
        """Give everything back; pools are closed before."""
        self.crew.close()
        self._groups.close()
        self._store.delete(self._greeting.key)
        if self._is_ours:
            ray.shutdown()


def connect(address: str) -> bool:
    """Join a cluster as the program that says what is done; False if this process has joined one already.

    Raises:
        EngineError: nothing answers, or it is another version of Ray or of Python.
    """
    check_cluster(address)
    if ray.is_initialized():
        return False
    in_main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except ConnectionError as error:
        raise EngineError(f"no cluster answers at {address}: {_first_line(error)}", FIX) from error
    except (RuntimeError, ValueError) as error:
        fix = "install the same versions of Python and Ray as the cluster has, here or there"
        raise EngineError(f"the cluster at {address} cannot be used: {_first_line(error)}", fix) from error
    finally:
        if in_main:
            signal.signal(signal.SIGTERM, before)  # Ray sets one of its own, at which the run would not end well
    # Of a node that is lost Ray prints twenty lines of its own log. This run says it in one, and Ray has no setting.
    ray_worker._worker_logs_enabled = False
    return True


def _first_line(error: Exception) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
