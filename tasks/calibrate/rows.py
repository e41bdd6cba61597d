"""Tables of a calibration that are published as they are made, and read again: what makes a kill cost little."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from tasks.core.ledger import Ledger
from tasks.core.refs import StepRef
from tasks.core.step import StepSpec
from tasks.core.tables import read_records, write_records

Record = TypeVar("Record")


class PublishedRows:
    """Tables of one step by name, published one by one before the step is.

    Args:
        work: local copies lie here.
    """

    def __init__(self, ledger: Ledger, spec: StepSpec, work: Path) -> None:
        self._ledger, self._spec, self._work = ledger, spec, work
        self._files = ledger.published_shards(spec)

    def __contains__(self, name: str) -> bool:
        return name in self._files

    def put(self, name: str, record: type[Record], rows: Iterable[Record]) -> None:
        """Write one table and publish it."""
        path = self._work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_records(path, record, rows)
        self._files[name] = self._ledger.publish_shard(self._spec, name, path)

    def read(self, name: str, record: type[Record]) -> list[Record]:
        """The rows of a published table."""
        path = self._work / name
        return list(read_records(path if path.exists() else self._fetch(name), record))

    def _fetch(self, name: str) -> Path:
        spec = self._spec
        step = StepRef(
            stage=spec.stage, round=spec.round, key=spec.key, prefix=spec.prefix, files=tuple(self._files.values())
        )
        return self._ledger.fetch(step, name)
