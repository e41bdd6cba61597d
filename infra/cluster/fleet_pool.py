"""A pool whose sessions run on nodes of the cluster. Opened by `fleet.py`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from configs.schema.engine import LocalEngine
from infra.cluster.greeting import Greeting
from infra.cluster.group import Groups, Place, nodes
from infra.cluster.parcel import ModelParcel
from infra.cluster.shape import Need
from infra.cluster.transport import ActorTransport
from infra.engines.live_weights import Follows
from infra.engines.local_pool import LocalPool
from infra.engines.transport import Transport
from infra.process.child import Inbox


class FleetPool(LocalPool):
    """A pool whose sessions run in places of the cluster, which it holds from its first job until it is closed."""

    def __init__(
        self,
        engine: LocalEngine,
        model: ModelParcel,
        work_dir: Path,
        need: Need,
        groups: Groups,
        greeting: Greeting,
        follows: Follows | None = None,
    ) -> None:
        self._need, self._groups, self._greeting = need, groups, greeting
        self._place: Place | None = None
        shape = need.shape(nodes())
        # Each sees the GPUs of its own place, which Ray shows it.
        devices = ("auto" if shape.num_gpus else "cpu",) * shape.num_places
        placed = engine.model_copy(update={"devices": devices})
        super().__init__(placed, model, work_dir, start=self._start, follows=follows)

    def close(self) -> None:
        super().close()
        if self._place is not None:
            self._groups.give_back(self._place)
            self._place = None

    def _make_room(self) -> None:
        if self._place is None:
            self._place = self._groups.take(self._need)
            self._keep_sessions(self._place.shape.num_places)

    def _start(self, log_path: Path, env: Mapping[str, str], forks: bool, inbox: Inbox) -> Transport:
        assert self._place is not None, "there is room before there are jobs"
        return ActorTransport(self._place, self._greeting, log_path, env, forks, inbox)
