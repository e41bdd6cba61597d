"""The kept samples of an experiment as tables for others: chats, in the columns that TRL's trainers read.

What people wrote is not published: rows of worked solutions, and every row of a problem of the select or the report
set, of which there are none unless something is wrong. Both are counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from configs.errors import UserError
from configs.schema.role import POLICY
from infra.store.base import Store
from tasks.core.files import EXAMPLES, HELD_OUT, PAIRS, Table
from tasks.core.ledger import Ledger
from tasks.core.models import stage_of
from tasks.core.records import Example, Message, Pair, Span, spell
from tasks.core.refs import StepRef
from tasks.core.tables import write_records
from tasks.housekeeping.steps import find_step
from tasks.report.entry import ReportEntry

DATA = "data"
WORKED = "gold/"


@dataclass(frozen=True, slots=True)
class KeptExample:
    """A kept sample.

    Attributes:
        completion: one assistant turn.
        label: for KTO whether it is wanted; None elsewhere.
        spans: the pieces of the completion with the weight of each in the loss; 0: given, or not to be learnt.
    """

    VERSION: ClassVar[int] = 1
    round: int
    problem_id: str
    sample_id: str
    prompt: tuple[Message, ...]
    completion: tuple[Message, ...]
    weight: float
    label: bool | None
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class KeptPair:
    """Two kept samples, one preferred to the other; each is one assistant turn."""

    VERSION: ClassVar[int] = 1
    round: int
    problem_id: str
    chosen_id: str
    rejected_id: str
    prompt: tuple[Message, ...]
    chosen: tuple[Message, ...]
    rejected: tuple[Message, ...]
    weight: float
    margin: float | None


@dataclass
class Written:
    """What a data set's folder holds.

    Attributes:
        files: of each configuration, by its name, relative to the folder.
        counts: rows by file.
        num_worked: rows left out for being made of worked solutions.
        num_held_out: rows left out for being of held-out problems.
        cleared: rounds whose samples housekeeping removed.
    """

    files: dict[str, list[str]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    num_worked: int = 0
    num_held_out: int = 0
    cleared: list[int] = field(default_factory=list)

    @property
    def num_rows(self) -> int:
        return sum(self.counts.values())


def write_rows(store: Store, ledger: Ledger, entries: Sequence[ReportEntry], folder: Path) -> Written:
    """Write the kept samples of every round, `data/NAME/round-001.parquet`.

    Raises:
        UserError: there are none.
        StoreError: a table is missing or damaged.
    """
    written, held_out = Written(), _held_out(ledger, entries[0])
    for entry in entries:
        for learner in entry.state.models:
            for stage in ("select", "segment"):
                prefix = entry.report.steps.get(stage_of(stage, learner))
                if prefix is not None and store.read(f"{prefix}/record.json") is None:
                    written.cleared.append(entry.report.round)
                elif prefix is not None:
                    _write_step(ledger, find_step(store, prefix), learner, held_out, folder, written)
    if not written.num_rows:
        experiment = entries[0].report.experiment
        raise UserError(f"{experiment} has kept no samples that could be published", "run a round: selfloop run")
    return written


def _write_step(
    ledger: Ledger, step: StepRef, learner: str, held_out: frozenset[str], folder: Path, written: Written
) -> None:
    for table, record, convert in _KINDS:
        if not table.is_in(step):
            continue
        kind = Path(table.name).stem
        name = kind if learner == POLICY else f"{learner}_{kind}"
        path = f"{DATA}/{name}/round-{step.round:03d}.parquet"
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        rows = (convert(step.round, row) for row in _open(table.read(ledger, step), held_out, written))
        if count := write_records(folder / path, record, rows):
            written.files.setdefault(name, []).append(path)
            written.counts[path] = count
        else:
            (folder / path).unlink()


def _open(rows: Iterator[Any], held_out: frozenset[str], written: Written) -> Iterator[Any]:
    """The rows that may be published."""
    for row in rows:
        names = row.sample_ids if isinstance(row, Pair) else (row.sample_id,)
        if row.problem_id in held_out:
            written.num_held_out += 1
        elif any(name.startswith(WORKED) for name in names):
            written.num_worked += 1
        else:
            yield row


def _held_out(ledger: Ledger, first: ReportEntry) -> frozenset[str]:
    problems = first.state.problems
    return frozenset(problem.id for table in HELD_OUT.values() for problem in table.read(ledger, problems))


def _turn(completion: tuple[Span, ...]) -> tuple[Message, ...]:
    return (Message("assistant", spell(completion)),)


def _kept_example(round: int, row: Example) -> KeptExample:
    return KeptExample(
        round, row.problem_id, row.sample_id, row.messages, _turn(row.completion), row.weight, row.is_desirable,
        row.completion,
    )  # fmt: skip


def _kept_pair(round: int, row: Pair) -> KeptPair:
    return KeptPair(
        round, row.problem_id, row.chosen_id, row.rejected_id, row.messages, _turn(row.chosen), _turn(row.rejected),
        row.weight, row.margin,
    )  # fmt: skip


_KINDS: tuple[tuple[Table[Any], type, Any], ...] = (
    (EXAMPLES, KeptExample, _kept_example),
    (PAIRS, KeptPair, _kept_pair),
)
