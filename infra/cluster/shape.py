"""How many places a run wants of a cluster, and whether it has them. Pure; knows no Ray."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from configs.schema.engine import LoadingEngine

Nodes = Sequence[Mapping[str, float]]
"""what each node has for programs, in Ray's names: CPU, GPU"""


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

    def fits(self, nodes: Nodes) -> bool:
        """Whether the nodes could hold the places if nobody else used them."""
        return sum(map(self._places_on, nodes)) >= self.num_places

    def _places_on(self, node: Mapping[str, float]) -> int:
        wanted = {"CPU": self.num_cpus} | ({"GPU": self.num_gpus} if self.num_gpus else {})
        return min(int(node.get(kind, 0) // number) for kind, number in wanted.items())


@dataclass(frozen=True, slots=True)
class Need:
    """Places that a field of the recipe asks for.

    Attributes:
        field: such as engine.devices.
        shape: nodes -> places; `auto` looks at what there is.
    """

    field: str
    shape: Callable[[Nodes], Shape]


def shape_of(engine: LoadingEngine, found: Nodes) -> Shape:
    """The places of an engine's sessions. `auto` alone is all of the cluster's GPUs; without any, a place a node."""
    gpus_each = engine.gpus_each
    if engine.devices == ("auto",):
        on_gpus = sum(int(node.get("GPU", 0)) // gpus_each for node in found)
        on_cpus = sum(node.get("CPU", 0) >= 1 for node in found)
        return Shape(on_gpus, 1, gpus_each) if on_gpus else Shape(max(on_cpus, 1), 1, 0)
    return Shape(len(engine.devices), 1, 0 if engine.devices[0] == "cpu" else gpus_each)


def shape_of_errand(num_gpus: Callable[[int], int], found: Nodes) -> Shape:
    """The place of work that has one.

    Args:
        num_gpus: as of `Work`: GPUs of a node at most -> GPUs that it takes.
    """
    return Shape(1, 1, num_gpus(int(max((node.get("GPU", 0) for node in found), default=0))))


def num_lanes(node: Mapping[str, float]) -> int:
    """Batches that a node verifies at a time: one for each processor beyond those that go with its GPUs, of which a
    session that draws takes one each. None on a node that offers no processor."""
    return max(0, int(node.get("CPU", 0) - node.get("GPU", 0)))


def describe(nodes: Nodes) -> str:
    """Such as `3 nodes with 3 CPU and 0 GPU`."""
    counts = (f"{sum(node.get(kind, 0) for node in nodes):g} {kind}" for kind in ("CPU", "GPU"))
    return f"{len(nodes)} node{'s' * (len(nodes) != 1)} with {' and '.join(counts)}"
