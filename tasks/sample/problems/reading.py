"""What was read of one source: its problems, each with the row it is of, and a tally of all other rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, overload

from configs.errors import ProblemsError
from tasks.answer.equal import same_spelling
from tasks.core.records import Problem
from tasks.sample.problems.sets import OWN_IDS, fingerprint, quote
from tasks.sample.problems.spool import Spool
from tasks.sample.problems.tally import Tally

Policy = Literal["error", "drop"]


@dataclass(frozen=True, slots=True)
class Read:
    """One problem that was read.

    Attributes:
        label: how messages name its row: `my.csv, row 7`.
        digest: `fingerprint` of its chat.
        group: value of the field that keeps rows in one set; empty without one.
        on_bad_row, duplicates: what its source says of rows that contradict another one, or repeat it.
        part: number of its source in a mixture, from 0.
    """

    label: str
    problem: Problem
    digest: str
    group: str = ""
    on_bad_row: Policy = "error"
    duplicates: Policy = "drop"
    part: int = 0


Rows = Spool[Read]
"""problems of a source or a set, found by the `digest` of their chat and by their `id`"""


def spool_rows(rows: Iterable[Read] = ()) -> Rows:
    """Rows on disk, in order."""
    return Spool(rows, digest=lambda row: row.digest, id=lambda row: row.problem.id)


@dataclass
class Reading:
    """What was read of one source, or of one set."""

    rows: Rows
    tally: Tally = field(default_factory=Tally)

    @property
    def problems(self) -> Sequence[Problem]:
        return ProblemsOf(self.rows)


@dataclass(frozen=True)
class ProblemsOf(Sequence[Problem]):
    """The problems of rows, each read anew."""

    rows: Rows

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Problem]:
        return (row.problem for row in self.rows)

    @overload
    def __getitem__(self, number: int) -> Problem: ...
    @overload
    def __getitem__(self, number: slice) -> list[Problem]: ...
    def __getitem__(self, number: int | slice) -> Problem | list[Problem]:
        if isinstance(number, slice):
            return [row.problem for row in self.rows[number]]
        return self.rows[number].problem


def read_of(label: str, problem: Problem) -> Read:
    """A problem of a source that has no rows."""
    return Read(label, problem, fingerprint(problem.messages))


def sift_repeats(rows: Iterable[Read], tally: Tally) -> Rows:
    """Each problem once, in order; the tally is told of the others.

    A problem that comes again with the same gold answer says nothing new. One that comes with another contradicts the
    first, and nobody knows which is right: as bad rows both go. Of two problems with one id the later one is bad.
    """
    kept, contradicted = spool_rows(), set[str]()
    for row in rows:
        if (number := kept.find("digest", row.digest)) is None:
            if (other := kept.find("id", row.problem.id)) is None:
                kept.add(row)
            else:
                tally.add_bad(_one_id(kept[other], row), row.on_bad_row)
            continue
        first = kept[number]
        if same_spelling(first.problem.gold, row.problem.gold):
            _add_repeat(first, row, tally)
            continue
        tally.add_bad(_two_answers(first, row), row.on_bad_row)
        if row.on_bad_row == "drop" and row.digest not in contradicted:
            tally.add_bad(_two_answers(row, first), row.on_bad_row)
            contradicted.add(row.digest)
    return spool_rows(row for row in kept if row.digest not in contradicted) if contradicted else kept


def _add_repeat(first: Read, row: Read, tally: Tally) -> None:
    told = f"{row.label}: the same problem as {first.label} ({quote(row.problem)})"
    if row.duplicates == "drop":
        tally.repeated.add(told)
    else:
        tally.wrong.add(told, "remove one of the two")


def _two_answers(first: Read, row: Read) -> ProblemsError:
    return ProblemsError(
        f"{row.label} and {first.label} are the same problem ({quote(row.problem)}) with two answers: "
        f"{row.problem.gold} and {first.problem.gold}",
        "correct or remove one of the two",
    )


def _one_id(first: Read, row: Read) -> ProblemsError:
    return ProblemsError(f"{row.label} and {first.label} both have the id '{row.problem.id}'", OWN_IDS)
