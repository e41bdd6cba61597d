"""Where judgements are kept while a judge asks: in memory, or in published shards, so that a kill costs little.

Those of a finished step are read in the order of the samples; meta and monitor do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from tasks.core.ledger import Ledger
from tasks.core.records import Judgement
from tasks.core.refs import StepRef
from tasks.core.step import StepSpec
from tasks.core.tables import read_records, write_records

Row = TypeVar("Row")


class Judgements(Protocol):
    """Where what models said is kept while a judge asks, shard by shard."""

    def has(self, judge: str, part: str, number: int) -> bool:
        """Whether this shard of a pass was answered already."""

    def put(self, judge: str, part: str, number: int, rows: Sequence[Judgement]) -> None:
        """Keep the answers to one shard of a pass."""

    def read(self, judge: str, part: str) -> Iterator[Judgement]:
        """All rows of a pass, in the order of the samples."""


class InMemory:
    """Judgements that nobody publishes."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], dict[int, Sequence[Judgement]]] = {}

    def has(self, judge: str, part: str, number: int) -> bool:
        return number in self._rows.get((judge, part), {})

    def put(self, judge: str, part: str, number: int, rows: Sequence[Judgement]) -> None:
        self._rows.setdefault((judge, part), {})[number] = rows

    def read(self, judge: str, part: str) -> Iterator[Judgement]:
        shards = self._rows.get((judge, part), {})
        return (row for number in sorted(shards) for row in shards[number])


class Published:
    """Judgements in the shards of a step under way: what a kill leaves, the next try finds.

    Args:
        work: local copies lie here.
    """

    def __init__(self, ledger: Ledger, spec: StepSpec, work: Path) -> None:
        self._ledger, self._spec, self._work = ledger, spec, work
        self._files = ledger.published_shards(spec)

    def has(self, judge: str, part: str, number: int) -> bool:
        return judgement_file(judge, part, number) in self._files

    def put(self, judge: str, part: str, number: int, rows: Sequence[Judgement]) -> None:
        path = self._work / judgement_file(judge, part, number)
        write_records(path, Judgement, rows)
        self._files[path.name] = self._ledger.publish_shard(self._spec, path.name, path)

    def read(self, judge: str, part: str) -> Iterator[Judgement]:
        files, spec = tuple(self._files.values()), self._spec
        step = StepRef(stage=spec.stage, round=spec.round, key=spec.key, prefix=spec.prefix, files=files)
        return read_judgements(self._ledger, step, judge, part)


def judgement_file(judge: str, part: str, number: int) -> str:
    """Name of the file of one shard; `part` is the name of a pass."""
    return f"judgements-{judge}-{f'{part}-' if part else ''}{number:05d}.parquet"


def read_judgements(ledger: Ledger, step: StepRef, judge: str, part: str = "") -> Iterator[Judgement]:
    """All rows of one pass, shard after shard; one row group in memory. None where the judge asks no model."""
    return read_as(Judgement, ledger, step, judge, part)


def read_as(record: type[Row], ledger: Ledger, step: StepRef, judge: str, part: str = "") -> Iterator[Row]:
    """The same as another record, which has some of the fields of a Judgement."""
    middle = re.escape(f"{part}-" if part else "")
    wanted = re.compile(rf"judgements-{re.escape(judge)}-{middle}[0-9]{{5}}\.parquet")
    for name in sorted(file.name for file in step.files if wanted.fullmatch(file.name)):
        yield from read_records(ledger.fetch(step, name), record)
