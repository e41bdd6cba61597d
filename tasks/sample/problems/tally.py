"""Rows of a source that become no problem, counted, with the first of them and why.

Filled by `sources.py` and what it calls; told by the errors of `run.py`, by plans, records and reports.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from configs.errors import ProblemsError
from tasks.core.step import Summary

LEFT_OUT = "left_out_"
"""beginning of the names under which a step's summary says, in words, which rows of a set were left out"""
NUM_SHOWN = 10
"""rows that are named of each list"""


@dataclass
class Rows:
    """Some rows of one fate: how many, and the first of them, each in words with its file and number."""

    count: int = 0
    first: list[str] = field(default_factory=list)
    fixes: list[str] = field(default_factory=list)

    def add(self, words: str, fix: str | None = None) -> None:
        """One more."""
        self.count += 1
        if self.count <= NUM_SHOWN:
            self.first.append(words)
            self.fixes += [fix] if fix and fix not in self.fixes else []

    def extend(self, other: Rows) -> None:
        """All rows of another list."""
        self.count += other.count
        self.first = (self.first + other.first)[:NUM_SHOWN]
        self.fixes += [fix for fix in other.fixes if fix not in self.fixes]

    def listed(self) -> Iterator[str]:
        """The first, and how many follow."""
        yield from self.first
        if self.count > len(self.first):
            yield f"and {self.count - len(self.first):,} more"


@dataclass
class Tally:
    """What became of the rows of one source.

    Attributes:
        num_rows: rows read.
        num_unwanted: those that `where` does not take.
        wrong: rows that may not be left out: `on_bad_row: error`, or `duplicates: error`.
        bad: bad rows that were left out.
        repeated: problems that came again, and were left out.
    """

    num_rows: int = 0
    num_unwanted: int = 0
    wrong: Rows = field(default_factory=Rows)
    bad: Rows = field(default_factory=Rows)
    repeated: Rows = field(default_factory=Rows)

    def add_bad(self, error: ProblemsError, on_bad_row: str) -> None:
        """One bad row."""
        if on_bad_row == "drop":
            self.bad.add(error.message, error.fix)
        else:
            self.wrong.add(error.message, error.fix)

    def extend(self, other: Tally) -> None:
        """All rows of another source of the same set."""
        self.num_rows += other.num_rows
        self.num_unwanted += other.num_unwanted
        for mine, theirs in ((self.wrong, other.wrong), (self.bad, other.bad), (self.repeated, other.repeated)):
            mine.extend(theirs)

    def words(self) -> str:
        """How many rows were left out, by their fate; empty where none was."""
        fates = (
            (self.num_unwanted, "not taken by `where`"), (self.bad.count, "bad"), (self.repeated.count, "repeated"),
        )  # fmt: skip
        return ", ".join(f"{count:,} {fate}" for count, fate in fates if count)

    def lines(self, name: str) -> Iterator[str]:
        """What was left out of a set, as lines for people; nothing where nothing was."""
        if self.words():
            yield f"{name}: {self.num_rows:,} rows, left out: {self.words()}"
            for fate, rows in (("bad", self.bad), ("repeated", self.repeated)):
                yield from (f"  {fate}: {line}" for line in rows.listed())


def rows_left_out(summary: Summary) -> list[str]:
    """What the summary of a problems step says of rows that were left out, as lines; empty for other steps."""
    told = [str(words) for name, words in summary.items() if name.startswith(LEFT_OUT)]
    return [line for words in told for line in words.splitlines()]


def refuse_wrong(tallies: Iterable[Tally]) -> None:
    """Nothing, where every row could be used, or may be left out.

    Raises:
        ProblemsError: names the rows, ten at most, and says how many there are.
    """
    wrong = Rows()
    for tally in tallies:
        wrong.extend(tally.wrong)
    if wrong.count == 1:
        raise ProblemsError(wrong.first[0], "; ".join([*wrong.fixes, LEAVE_OUT]))
    if wrong.count:
        listed = "".join(f"\n  {line}" for line in wrong.listed())
        raise ProblemsError(f"{wrong.count:,} rows cannot be used:{listed}", "; ".join([*wrong.fixes[:3], LEAVE_OUT]))


LEAVE_OUT = "or leave such rows out: on_bad_row: drop beside path (duplicates: drop for repeated ones)"
