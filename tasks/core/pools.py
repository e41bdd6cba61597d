"""The models that a run keeps open, and what they used. Part of the workbench (`bench.py`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from configs.schema.engine import RoleEngine
from infra.cluster.cluster import Cluster
from infra.engines.models.loadable import ModelSource
from infra.engines.pool import OPENERS, Pool


@dataclass(frozen=True)
class _Open:
    pool: Pool
    stays_open: bool


class Pools:
    """Open pools by model and engine: one that comes and goes, beside any number that stay to the end of the run.

    Args:
        work_dir: logs of sessions lie here, in a folder a model.
        take_devices: called before a pool opens that may use a GPU of this machine.
        cluster: where sessions run whose engine says so.
    """

    def __init__(self, work_dir: Path, take_devices: Callable[[], object], cluster: Cluster) -> None:
        self._work_dir, self._take_devices, self._cluster = work_dir, take_devices, cluster
        self._open: dict[tuple[str, str], _Open] = {}
        self._lent: dict[tuple[str, str], Pool] = {}
        self._spent: Counter[str] = Counter()

    def open(
        self,
        name: str,
        engine: RoleEngine,
        model: ModelSource,
        *,
        stays_open: bool = False,
    ) -> Pool:
        """An open pool. One that does not stay closes the others that do not; an endpoint takes no device, and stays.

        Args:
            name: digest of the model, or the role that a server plays.
            model: brought to where the engine loads it.
        """
        key = (name, engine.model_dump_json())
        if key in self._lent:
            return self._lent[key]
        stays_open = stays_open or not engine.loads_model
        found = self._open.get(key)
        if found is None:
            if not stays_open:
                self.make_way()
            if engine.takes_gpu:
                self._take_devices()
            pool = OPENERS[engine.kind](engine, model, self._work_dir / name[:12], self._cluster)
        else:
            pool, stays_open = found.pool, found.stays_open or stays_open
        self._open[key] = _Open(pool, stays_open)
        return pool

    def lend(self, name: str, engine: RoleEngine, pool: Pool, beside: bool = False) -> None:
        """Have a pool that somebody else opened and closes answer for a model, until it is taken back or another is
        lent: the learner of a segment, whose weights are a model no more as soon as they are trained.

        Args:
            beside: what was lent before stays lent.
        """
        if not beside:
            self.take_back()
        self._lent[name, engine.model_dump_json()] = pool

    def take_back(self) -> None:
        """What was lent answers no more."""
        self._lent.clear()

    def make_way(self) -> None:
        """End what does not stay open, so that its device's memory is free."""
        for key in [key for key, opened in self._open.items() if not opened.stays_open]:
            self._close(key)

    def close(self) -> None:
        """End everything."""
        for key in list(self._open):
            self._close(key)
        self._cluster.close()

    def spending(self) -> dict[str, float]:
        """What was used so far, by names of a run's metrics."""
        spent = Counter({"generator_loads": 0.0} | dict(self._spent))
        for opened in self._open.values():
            spent.update(opened.pool.spending())
        return dict(spent)

    def count(self, pool: Pool) -> None:
        """Add what a pool used that somebody else opened and is about to close."""
        self._spent.update(pool.spending())

    def _close(self, key: tuple[str, str]) -> None:
        pool = self._open.pop(key).pool
        self._spent.update(pool.spending())
        pool.close()
