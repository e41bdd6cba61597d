"""What was read of one source: its problems, each with the row it is of, and a tally of all other rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from configs.errors import ProblemsError
from tasks.answer.equal import same_spelling
from tasks.core.records import Problem
from tasks.sample.problems.sets import OWN_IDS, fingerprint, quote
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
    """

    label: str
    problem: Problem
    digest: str
    group: str = ""
    on_bad_row: Policy = "error"
    duplicates: Policy = "drop"


@dataclass
class Reading:
    """What was read of one source, or of one set."""

    rows: list[Read]
    tally: Tally = field(default_factory=Tally)

    @property
    def problems(self) -> list[Problem]:
        return [row.problem for row in self.rows]


def read_of(label: str, problem: Problem) -> Read:
    """A problem of a source that has no rows."""
    return Read(label, problem, fingerprint(problem.messages))


def sift_repeats(rows: Iterable[Read], tally: Tally) -> list[Read]:
    """Each problem once, in order; the tally is told of the others.

    A problem that comes again with the same gold answer says nothing new. One that comes with another contradicts the
    first, and nobody knows which is right: as bad rows both go. Of two problems with one id the later one is bad.
    """
    first_by_digest: dict[str, Read] = {}
    first_by_id: dict[str, Read] = {}
    contradicted: set[str] = set()
    for row in rows:
        first = first_by_digest.setdefault(row.digest, row)
        if first is row:
            other = first_by_id.setdefault(row.problem.id, row)
            if other is not row:
                del first_by_digest[row.digest]
                tally.add_bad(_one_id(other, row), row.on_bad_row)
        elif not same_spelling(first.problem.gold, row.problem.gold):
            tally.add_bad(_two_answers(first, row), row.on_bad_row)
            if row.on_bad_row == "drop" and row.digest not in contradicted:
                tally.add_bad(_two_answers(row, first), row.on_bad_row)
                contradicted.add(row.digest)
        else:
            _add_repeat(first, row, tally)
    return [row for digest, row in first_by_digest.items() if digest not in contradicted]


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
