"""Where judgements are kept while a judge asks: in memory, or as files of its step.

Those of a finished step are read in the order of the samples; meta and monitor do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol, TypeVar

from tasks.core.ledger import Ledger
from tasks.core.records import Judgement
from tasks.core.refs import StepRef
from tasks.core.tables import read_records, write_records

Row = TypeVar("Row")


class Judgements(Protocol):
    """Where what models said is kept, pass by pass."""

    def put(self, judge: str, part: str, rows: Iterable[Judgement]) -> None:
        """Keep all rows of a pass, in the order of the samples; they are read once, as they come."""

    def read(self, judge: str, part: str) -> Iterator[Judgement]:
        """All rows of a pass, in the order of the samples."""


class InMemory:
    """Judgements that nobody publishes."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], list[Judgement]] = {}

    def put(self, judge: str, part: str, rows: Iterable[Judgement]) -> None:
        self._rows[judge, part] = list(rows)

    def read(self, judge: str, part: str) -> Iterator[Judgement]:
        return iter(self._rows.get((judge, part), ()))


class InFolder:
    """Judgements as files of a folder, which becomes a step."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, judge: str, part: str, rows: Iterable[Judgement]) -> None:
        write_records(self._folder / judgement_file(judge, part), Judgement, rows)

    def read(self, judge: str, part: str) -> Iterator[Judgement]:
        path = self._folder / judgement_file(judge, part)
        return read_records(path, Judgement) if path.exists() else iter(())


class ByProblem:
    """Rows of one pass, taken problem by problem in their order."""

    def __init__(self, rows: Iterator[Judgement]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    def take(self, problem_id: str) -> list[Judgement]:
        """The rows that come next and are of this problem; none where no question was asked about it."""
        taken = []
        while self._next is not None and self._next.problem_id == problem_id:
            taken.append(self._next)
            self._next = next(self._rows, None)
        return taken


def judgement_file(judge: str, part: str = "") -> str:
    """Name of the file of a pass; `part` is the name of a pass, empty for a judge's own."""
    return f"judgements-{judge}{f'-{part}' if part else ''}.parquet"


def read_judgements(ledger: Ledger, step: StepRef, judge: str, part: str = "") -> Iterator[Judgement]:
    """All rows of one pass; one row group in memory. None where the judge asks no model."""
    return read_as(Judgement, ledger, step, judge, part)


def read_as(record: type[Row], ledger: Ledger, step: StepRef, judge: str, part: str = "") -> Iterator[Row]:
    """The same as another record, which has some of the fields of a Judgement."""
    name = judgement_file(judge, part)
    if any(file.name == name for file in step.files):
        yield from read_records(ledger.fetch(step, name), record)
