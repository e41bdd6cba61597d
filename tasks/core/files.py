"""The files of steps: what each is called, and which record its rows are. By these names stages hand tables on.

TRAIN_SET.read(ledger, problems)            rows of one file of a step, fetched and verified
VERDICTS.write(scratch.out, verdicts)       a stage writes one
SAMPLES.read(ledger, generated)             rows of numbered shards, in order; of episodes the answers
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from tasks.core.ledger import Ledger
from tasks.core.records import (
    BenchmarkItem,
    BenchmarkScore,
    Credit,
    Drop,
    Example,
    ItemResult,
    Judgement,
    Pair,
    Problem,
    Reward,
    Sample,
    TokenRow,
    Verdict,
)
from tasks.core.refs import StepRef
from tasks.core.tables import TableWriter, read_records, write_records

Record = TypeVar("Record")


@dataclass(frozen=True)
class Table(Generic[Record]):
    """One file of a step."""

    name: str
    record: type[Record]

    def read(self, ledger: Ledger, step: StepRef) -> Iterator[Record]:
        """Rows in order; one row group in memory.

        Raises:
            StoreError: the step has no such file, or it is damaged.
        """
        return read_records(ledger.fetch(step, self.name), self.record)

    def again(self, ledger: Ledger, step: StepRef) -> Iterable[Record]:
        """The rows as something that may be gone through more than once, each time from the file."""
        return _Again(self, ledger, step)

    def write(self, folder: Path, rows: Iterable[Record]) -> int:
        """Write all rows; returns their number."""
        return write_records(folder / self.name, self.record, rows)

    def writer(self, folder: Path) -> TableWriter:
        """Takes rows one by one."""
        return TableWriter(folder / self.name, self.record)

    def is_in(self, step: StepRef) -> bool:
        """Whether a step has this file."""
        return any(file.name == self.name for file in step.files)


@dataclass(frozen=True)
class _Again(Generic[Record]):
    table: Table[Record]
    ledger: Ledger
    step: StepRef

    def __iter__(self) -> Iterator[Record]:
        return self.table.read(self.ledger, self.step)


@dataclass(frozen=True)
class Shards(Generic[Record]):
    """Numbered files of a step, `NAME-00000.parquet`."""

    name: str
    record: type[Record]

    def file(self, number: int) -> str:
        """Name of one file."""
        return f"{self.name}-{number:05d}.parquet"

    def read(self, ledger: Ledger, step: StepRef) -> Iterator[Record]:
        """Rows of all files, in their order; one row group in memory."""
        for file in step.files:
            if file.name.startswith(f"{self.name}-"):
                yield from read_records(ledger.fetch(step, file.name), self.record)


class SampleShards(Shards[Sample]):
    """The texts of a round's episodes. Answers among them are what is judged, measured and shown; texts around them,
    such as critiques and observations, are of use to those alone that follow chains (`joined.with_chains`)."""

    def read(self, ledger: Ledger, step: StepRef) -> Iterator[Sample]:
        """The answers, in order; one row group in memory."""
        return answers_among(self.read_all(ledger, step))

    def read_all(self, ledger: Ledger, step: StepRef) -> Iterator[Sample]:
        """Every text, in order; one row group in memory."""
        return super().read(ledger, step)


def answers_among(texts: Iterable[Sample]) -> Iterator[Sample]:
    """The answers among the texts of episodes, in their order."""
    return (text for text in texts if text.is_answer)


TRAIN_SET = Table("train.parquet", Problem)
"""the problems that a round samples; invented ones, or the steps of a stepwise generator, take the recipe's place"""
WARM_START_SET = Table("warm_start.parquet", Problem)
"""the policy's; a role's has its name in it: `set_called(recipe.warm_start_set(role))`"""
FEW_SHOT_SET = Table("few_shot.parquet", Problem)
"""worked examples that are shown before problems, where a recipe has them"""
HELD_OUT = {suite: Table(f"{suite}.parquet", Problem) for suite in ("select", "report")}
SAMPLES = SampleShards("shard", Sample)
VERDICTS = Table("verdicts.parquet", Verdict)
JUDGEMENTS = Shards("judgements", Judgement)
"""of all judges; the names of one judge's files are in `tasks/judge/judgements.py`"""
FEEDBACK = Table("feedback.parquet", Judgement)
EXAMPLES = Table("examples.parquet", Example)
PAIRS = Table("pairs.parquet", Pair)
DROPS = Table("drops.parquet", Drop)
REWARDS = Table("rewards.parquet", Reward)
CREDIT = Table("credit.parquet", Credit)
TOKEN_ROWS = Table("token_rows.parquet", TokenRow)
"""of a segment of online training, by the id of the sample"""
ITEMS = Table("items.parquet", ItemResult)
BENCHMARK_SCORES = Table("benchmark_scores.parquet", BenchmarkScore)
BENCHMARK_ITEMS = Table("benchmark_items.parquet", BenchmarkItem)
CHAINS = {suite: Table(f"chains_{suite}.parquet", Sample) for suite in HELD_OUT}
"""texts of held-out problems that were revised"""
CHAIN_VERDICTS = {suite: Table(f"chain_verdicts_{suite}.parquet", Verdict) for suite in HELD_OUT}
"""what the evaluation's verifier says of the attempts among them, in their order"""


def set_called(name: str) -> Table[Problem]:
    """A set of problems by its name: train, select, report, few_shot, warm_start, warm_start_ROLE, benchmark_NAME."""
    return Table(f"{name}.parquet", Problem)
