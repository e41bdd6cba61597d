"""How many places a run wants of a cluster, and whether it has them. Pure; knows no Ray."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from configs.schema.engine import LoadingEngine
from infra.engines.errand import Wanted, Work

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

    def holds(self, other: Shape) -> bool:
        """Whether its places are as many and as large as another's."""
        own, wanted = ((one.num_places, one.num_cpus, one.num_gpus) for one in (self, other))
        return all(have >= want for have, want in zip(own, wanted, strict=True))

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
        fix: what to write where there never are such places; by default fewer.
    """

    field: str
    shape: Callable[[Nodes], Shape]
    fix: str | None = None


def shape_of(engine: LoadingEngine, found: Nodes) -> Shape:
    """The places of an engine's sessions. `auto` alone is all of the cluster's GPUs; without any, a place a node."""
    gpus_each = engine.gpus_each
    if engine.devices == ("auto",):
        on_gpus = sum(int(node.get("GPU", 0)) // gpus_each for node in found)
        on_cpus = sum(node.get("CPU", 0) >= 1 for node in found)
        return Shape(on_gpus, 1, gpus_each) if on_gpus else Shape(max(on_cpus, 1), 1, 0)
    return Shape(len(engine.devices), 1, 0 if engine.devices[0] == "cpu" else gpus_each)


def shape_beside(shape: Shape, engine: LoadingEngine, held: Iterable[Shape]) -> Shape:
    """Places of sessions while the run has others: where `auto` counted all that there is, without those, but for one.

    Args:
        held: by a learner, or by models that stay open.
    """
    if engine.devices != ("auto",):
        return shape
    return replace(shape, num_places=max(shape.num_places - places_taken(shape, held), 1))


def places_taken(shape: Shape, held: Iterable[Shape]) -> int:
    """How many places as those of a shape the devices of others are; GPUs take none of CPUs, nor these of GPUs."""
    alike = (one for one in held if (one.num_gpus > 0) == (shape.num_gpus > 0))
    num_devices = sum(one.num_places * (one.num_gpus or one.num_cpus) for one in alike)
    return -(-num_devices // max(shape.num_gpus, 1))


def shape_of_errand(wanted: Callable[[int], Wanted], found: Nodes) -> Shape:
    """The places of work that is done once: one where a node has its devices, else as few as the nodes have room for,
    each with as many of them.

    Args:
        wanted: as of `Work`.
    """
    asked = wanted(int(max((node.get("GPU", 0) for node in found), default=0)))
    most_places = 1 if asked.is_whole else asked.num
    shapes = [_in_places(asked, number) for number in range(1, most_places + 1) if asked.num % number == 0]
    fitting = (shape for shape in shapes if shape.fits(found))
    # If there are too few nodes, more of the largest are what would help.
    of_largest = (shape for shape in shapes if replace(shape, num_places=1).fits(found))
    return next(fitting, None) or next(of_largest, shapes[0])


def shape_of_those_left(work: Work, shape: Shape, found: Nodes) -> tuple[Work, Shape]:
    """Work on the nodes that are left of those that it had, and its places there: the same, if there could be such
    places; else others, or those of fewer devices, if there could be any of these."""
    if not shape.fits(found):
        for fewer in (work, *work.on_fewer_devices()):
            left = shape_of_errand(fewer.wanted, found)
            if left.fits(found) and (left.num_gpus > 0) == (shape.num_gpus > 0):
                return fewer, left
    return work, shape


def _in_places(wanted: Wanted, num_places: int) -> Shape:
    num_each = wanted.num // num_places
    return Shape(num_places, 1, num_each) if wanted.on_gpus else Shape(num_places, num_each, 0)


def num_lanes(node: Mapping[str, float]) -> int:
    """Batches that a node verifies at a time: one for each processor beyond those that go with its GPUs, of which a
    session that draws takes one each. None on a node that offers no processor."""
    return max(0, int(node.get("CPU", 0) - node.get("GPU", 0)))


def describe(nodes: Nodes) -> str:
    """Such as `3 nodes with 3 CPU and 0 GPU`."""
    counts = (f"{sum(node.get(kind, 0) for node in nodes):g} {kind}" for kind in ("CPU", "GPU"))
    return f"{len(nodes)} node{'s' * (len(nodes) != 1)} with {' and '.join(counts)}"
