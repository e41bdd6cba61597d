"""Places on the cluster for the sessions of an experiment: placement groups of Ray, which outlive sessions.

A group stays when its sessions end, so that what the next phase needs has not gone to another experiment meanwhile. It
is given back where the next phase needs places of another kind, and at the end of the run. A place that is lost with
its node is made again by Ray, on a node that has room for it or comes later.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import ray
from ray.util.placement_group import PlacementGroup, placement_group, remove_placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

from configs.errors import EngineEndedError, EngineError, UserError

SAID_SECONDS = 5.0
"""after which it is said what is waited for"""


@dataclass(frozen=True, slots=True)
class Shape:
    """Some places alike.

    Attributes:
        num_gpus: of each place, on one node.
    """

    num_places: int
    num_cpus: int
    num_gpus: int

    def words(self) -> str:
        """Such as `4 places of 1 CPU and 2 GPU`."""
        gpus = f" and {self.num_gpus} GPU" if self.num_gpus else ""
        return f"{self.num_places} place{'s' * (self.num_places > 1)} of {self.num_cpus} CPU{gpus}"


@dataclass(frozen=True, slots=True)
class Place:
    """A free place of a group, whichever Ray takes."""

    shape: Shape
    group: PlacementGroup

    def options(self) -> dict[str, Any]:
        """Of an actor that takes the place whole."""
        return {
            "num_cpus": self.shape.num_cpus,
            "num_gpus": self.shape.num_gpus,
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

    def take(self, shape: Shape) -> Place:
        """Places that nobody else of the experiment has; the same as before, where they are of this shape.

        Raises:
            EngineError: the cluster does not have them in time; names what it has.
        """
        if found := self._free.get(shape):
            return Place(shape, found.pop())
        self.close()
        with asking("for places"):
            return self._make(shape)

    def _make(self, shape: Shape) -> Place:
        bundle = {"CPU": float(shape.num_cpus)} | ({"GPU": float(shape.num_gpus)} if shape.num_gpus else {})
        # Sessions on CPUs go to as many nodes as there are: each would like all cores of its own.
        strategy = "PACK" if shape.num_gpus else "SPREAD"
        group = placement_group([bundle] * shape.num_places, strategy=strategy)
        if not group.wait(min(SAID_SECONDS, self._wait_seconds)):
            self._say(f"waiting for {shape.words()} of the cluster")
            if not group.wait(max(0.0, self._wait_seconds - SAID_SECONDS)):
                remove_placement_group(group)
                raise EngineError(
                    f"the cluster has not given {shape.words()} within {self._wait_seconds:g} s: {describe_cluster()}",
                    "write fewer engine.devices, end what else uses the cluster, add nodes, or wait longer: "
                    "SELFLOOP_CLUSTER_SECONDS",
                )
        return Place(shape, group)

    def give_back(self, place: Place) -> None:
        """Nobody uses the places any more; they are kept for the next phase."""
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
    with asking("for its nodes"):
        return [node["Resources"] for node in ray.nodes() if node["Alive"]]


def describe_cluster() -> str:
    """What there is, and what of it is free."""
    total, free = ray.cluster_resources(), ray.available_resources()
    counts = (f"{free.get(kind, 0):g} of {total.get(kind, 0):g} {kind}" for kind in ("CPU", "GPU"))
    return f"it has {len(nodes())} nodes, and {' and '.join(counts)} free"
