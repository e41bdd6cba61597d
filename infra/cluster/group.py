"""Places on the cluster for the sessions of an experiment: placement groups of Ray, which outlive sessions.

A group stays when its sessions end, so that what the next phase needs has not gone to another experiment meanwhile. It
is given back where the next phase needs places of another kind, and at the end of the run. A place that is lost with
its node is made again by Ray, on a node that has room for it or comes later.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import ray
from ray.util.placement_group import PlacementGroup, placement_group, remove_placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

from configs.errors import EngineEndedError, EngineError, UserError
from infra.cluster.address import SECONDS_VARIABLE, may_grow
from infra.cluster.shape import Need, Shape, describe

LOOK_SECONDS = 5.0
"""after which it is said what is waited for, and how often its nodes are looked at meanwhile"""


@dataclass(frozen=True, slots=True)
class Place:
    """A free place of a group, whichever Ray takes.

    Attributes:
        shape: of the group.
        num_gpus: that are used of it.
    """

    shape: Shape
    group: PlacementGroup
    num_gpus: int

    def options(self) -> dict[str, Any]:
        """Of an actor that takes the place."""
        return {
            "num_cpus": self.shape.num_cpus,
            "num_gpus": self.num_gpus,
            "scheduling_strategy": PlacementGroupSchedulingStrategy(self.group),
        }


class Groups:
    """The groups of one experiment.

    Args:
        wait_seconds: how long the cluster may take to make a group.
        say: gets a line when that takes a while.
    """

    def __init__(self, wait_seconds: float, say: Callable[[str], None]) -> None:
        self._wait_seconds, self._say = wait_seconds, say
        self._free: dict[Shape, list[PlacementGroup]] = {}
        self._held: list[Place] = []

    def take(self, need: Need) -> Place:
        """Places that nobody else of the experiment has; the same as before, where they are of the shape that is
        needed. While the cluster is waited for, its nodes are looked at: where so many can no longer be, those that
        the need is without the lost nodes are taken.

        Raises:
            EngineError: the cluster does not have them in time; names what it has.
        """
        shape = need.shape(nodes())
        if self._free.get(shape):
            group = self._free[shape].pop()
        else:
            self.close()
            group = self._group(shape)
        return self._hold(self._ready(need, shape, group))

    def take_for(self, need: Need) -> Place:
        """Places for work that is done once: of a free group, if its places are as many and as large, so that the
        group stays.

        Raises:
            EngineError: as of `take`.
        """
        found = nodes()
        shape = need.shape(found)
        for free in sorted(self._free, key=lambda free: (free.num_gpus, free.num_cpus)):
            if free.holds(shape) and free.fits(found) and self._free[free]:
                return self._hold(Place(free, self._free[free].pop(), shape.num_gpus))
        return self.take(need)

    def held(self) -> list[Shape]:
        """Places that somebody of the experiment has now."""
        return [place.shape for place in self._held]

    def _hold(self, place: Place) -> Place:
        self._held.append(place)
        return place

    @staticmethod
    def _group(shape: Shape) -> PlacementGroup:
        bundle = {"CPU": float(shape.num_cpus)} | ({"GPU": float(shape.num_gpus)} if shape.num_gpus else {})
        # Sessions on CPUs go to as many nodes as there are: each would like all cores of its own.
        strategy = "PACK" if shape.num_gpus else "SPREAD"
        with asking("for places"):
            return placement_group([bundle] * shape.num_places, strategy=strategy)

    def _ready(self, need: Need, shape: Shape, group: PlacementGroup) -> Place:
        """A group of a shape once it has its places, or one of what is needed of the nodes that are left."""
        deadline, has_said = time.monotonic() + self._wait_seconds, False
        while not self._has_places(group, min(LOOK_SECONDS, deadline - time.monotonic())):
            if time.monotonic() >= deadline:
                remove_placement_group(group)
                raise EngineError(
                    f"the cluster has not given {shape.words()} within {self._wait_seconds:g} s: {describe_cluster()}",
                    f"write fewer {need.field}, end what else uses the cluster, add nodes, or wait longer: "
                    "SELFLOOP_CLUSTER_SECONDS",
                )
            found = nodes()
            left = need.shape(found)
            if left != shape and not shape.fits(found):
                self._say(f"nodes of the cluster are lost: {left.words()}, where it was {shape.words()}")
                remove_placement_group(group)
                shape, group = left, self._group(left)
            elif not has_said:
                self._say(f"waiting for {shape.words()} of the cluster")
                has_said = True
        return Place(shape, group, shape.num_gpus)

    @staticmethod
    def _has_places(group: PlacementGroup, seconds: float) -> bool:
        with asking("for places"):
            return bool(group.wait(max(0.0, seconds)))

    def require(self, need: Need) -> None:
        """See that the cluster has the places that a field asks for, or gets them in time.

        Nobody can see from here whether machines would be added. So a cluster that is too small is asked, and waited
        for, where it is said how long (`may_grow`); elsewhere it is an error at once.

        Raises:
            EngineError: it does not; names the field.
        """
        found = nodes()
        shape = need.shape(found)
        if shape.fits(found):
            return
        if may_grow():
            self.give_back(self.take(need))
            return
        raise EngineError(
            f"{need.field}: the cluster can never give {shape.words()}: it has {describe(found)}",
            f"{need.fix or f'write fewer {need.field}, or add nodes'}; where a run's demand adds nodes, say how long "
            f"that may take: {SECONDS_VARIABLE}=600",
        )

    def give_back(self, place: Place) -> None:
        """Nobody uses the places any more; they are kept for the next phase."""
        self._held = [one for one in self._held if one is not place]
        self._free.setdefault(place.shape, []).append(place.group)

    def close(self) -> None:
        """Give what is free back to the cluster."""
        with asking("to take places back"):
            while self._free:
                for group in self._free.popitem()[1]:
                    remove_placement_group(group)


@contextlib.contextmanager
def asking(what: str) -> Iterator[None]:
    """Around calls of Ray: EngineError where it has lost its head, which Ray says in many ways."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        fix = "see that its head runs (ray start --head), and run the same command again, which goes on from here"
        raise EngineEndedError(f"the cluster was asked {what}, and failed: {error}", fix) from error


def nodes() -> list[dict[str, float]]:
    """What each living node has for programs, in Ray's names: CPU, GPU."""
    return [node["Resources"] for node in living()]


def living() -> list[dict[str, Any]]:
    """The living nodes, as Ray tells of them: NodeID, Resources and more."""
    with asking("for its nodes"):
        return [node for node in ray.nodes() if node["Alive"]]


def describe_cluster() -> str:
    """What there is, and what of it is free."""
    total, free = ray.cluster_resources(), ray.available_resources()
    counts = (f"{free.get(kind, 0):g} of {total.get(kind, 0):g} {kind}" for kind in ("CPU", "GPU"))
    return f"it has {len(nodes())} nodes, and {' and '.join(counts)} free"
