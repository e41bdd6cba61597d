"""A home that works in a folder: it fetches what the work needs, and has ready what an earlier try had saved.

What homes of errands and of learners have in common; see `home.py` for what these share with a session's.
"""

from __future__ import annotations

import abc
import contextlib
import shutil
from collections.abc import Iterable
from pathlib import Path

import ray

from infra.cluster.freight import Freight
from infra.cluster.home import End, Home
from infra.cluster.parcel import ModelParcel, ParcelFile
from infra.engines.errand import Luggage
from infra.engines.wire import Message


class WorkingHome(Home):
    """A folder for each piece of work.

    Args:
        log: name of the first process's log, and a pattern for those of the others.
    """

    def __init__(self, log: str, other_logs: str) -> None:
        super().__init__()
        self._folder = self._log.with_suffix("")
        self._work_dir, self._out_dir = self._folder / "work", self._folder / "out"
        self._log, self._others = self._work_dir / log, other_logs

    @ray.method(concurrency_group="work")
    def close(self, politely: bool) -> bool:
        """Remove what it had on this node. Programs that still run end with the actor."""
        self._leave()
        return True

    def _leave(self) -> None:
        if self._cache is not None:
            self._cache.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _begin(self, env: dict[str, str], forks: bool) -> None:
        self._work_dir.mkdir(parents=True)
        self._tell({"kind": "opened", "node": self._node, "work_dir": str(self._work_dir)})

    def _end(self) -> End:
        return End("ended", was_killed=False)

    def _other_logs(self) -> Iterable[Path]:
        return sorted(self._work_dir.glob(self._others))

    def _run(self, message: Message) -> None:
        """Thread: do the work, and say that there is no more to come."""
        try:
            with self._telling_errors(), contextlib.suppress(Told):
                if self._store is not None:  # else it is told why not
                    freight = Freight(self._store, message["freight"])
                    luggage = self._unpack(message, freight)
                    freight.bring_back(self._work_dir)
                    self._do(freight, luggage, message)
        finally:
            self._inbox.put((self, None))

    @abc.abstractmethod
    def _do(self, freight: Freight, luggage: Luggage, message: Message) -> None:
        """Do the work that `message` brought, and tell what came of it; `Told` where that is told, and was an error."""

    def _unpack(self, message: Message, freight: Freight) -> Luggage:
        assert self._cache is not None, "opened with the store"
        models = {name: self._cache.unpack(ModelParcel.from_json(row)) for name, row in message["models"].items()}
        folders = {name: self._cache.folder(_files(rows)) for name, rows in message["folders"].items()}
        sent = {name: ParcelFile(**row) for name, row in message["files"].items()}
        freight.fetch(sent.values(), self._folder / "files")
        return Luggage(models, folders, {name: self._folder / "files" / file.name for name, file in sent.items()})

    def _saved(self, name: str) -> None:
        self._tell({"kind": "saved", "name": name})


class Told(Exception):
    """The work has failed, and the flow knows why."""


def _files(rows: list[Message]) -> tuple[ParcelFile, ...]:
    return tuple(ParcelFile(**row) for row in rows)
