"""Sessions on nodes whose weights follow a learner: a wave's files reach them through the store. See `beside.py`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from configs.schema.engine import LocalEngine
from infra.cluster.fleet_pool import FleetPool
from infra.cluster.freight import Freight
from infra.cluster.greeting import Greeting
from infra.cluster.group import Groups
from infra.cluster.parcel import ModelParcel, ParcelFile
from infra.cluster.shape import Need
from infra.engines.live_weights import Follows, LiveWeights, ToldWeights
from infra.engines.wire import Message


@dataclass(frozen=True)
class SentWeights:
    """`LiveWeights` whose files are objects of the store. `ToldWeights`."""

    number: int
    files: tuple[ParcelFile, ...]

    def to_message(self) -> Message:
        return {"kind": "weights", "number": self.number, "files": [asdict(file) for file in self.files]}


class LivePool(FleetPool):
    """A `FleetPool` that is told of each wave's weights by a folder of this machine.

    Args:
        freight: where they lie, for as long as a session may ask for them.
    """

    def __init__(
        self, engine: LocalEngine, model: ModelParcel, work_dir: Path, need: Need, groups: Groups,
        greeting: Greeting, follows: Follows, freight: Freight,
    ) -> None:  # fmt: skip
        super().__init__(engine, model, work_dir, need, groups, greeting, follows)
        self._freight = freight
        self._sent: list[tuple[ParcelFile, ...]] = []

    def follow(self, weights: ToldWeights) -> None:
        assert isinstance(weights, LiveWeights), "told by `Beside`"
        self._sent.append(self._freight.send_all(weights.folder))
        super().follow(SentWeights(weights.number, self._sent[-1]))
        if len(self._sent) > 2:  # the wave before stays, for a session that is still fetching it
            kept = {file.key for files in self._sent[-2:] for file in files}
            self._freight.drop(file for file in self._sent.pop(0) if file.key not in kept)

    def close(self) -> None:
        super().close()
        self._freight.clear()
        self._sent.clear()
