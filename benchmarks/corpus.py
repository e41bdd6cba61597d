"""The corpus of traps (tests/corpus/rows): its rows, and what a verifier says about each.

Called by `tests/corpus` and by `benchmarks/verifiers.py`. A row is a gold answer, a model's text, and what a careful
person would call the text; `tests/corpus/README.md` says how rows are written.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import compress
from operator import not_
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from configs.schema.judges.by_rule import AnswerJudge
from configs.schema.verifiers.kinds import Verifier
from infra.sandbox.killable import KillablePool
from tasks.core.records import FinishReason, Label, Message, Problem, Sample
from tasks.judge.kinds.answer import make_verdict
from tasks.judge.verifiers.pool import WORKER_MEMORY_BYTES, verify_in_pool
from tasks.judge.verifiers.registry import explain_gold

ROWS = Path(__file__).parents[1] / "tests" / "corpus" / "rows"
REFUSED = "refused"
"""what becomes of a row whose gold answer the verifier declines before any model is loaded"""
BASELINE_SECONDS = 6.0
"""above the limits that math-verify sets itself"""
_VERIFIER: TypeAdapter[Verifier] = TypeAdapter(Verifier)


@dataclass(frozen=True, slots=True)
class Row:
    """One text that a verifier may read wrongly.

    Attributes:
        kind: the trap; the name of the row's file.
        label: correct | wrong | unparseable: what a careful person says.
        reading: whether that person reads an answer in the text that a verifier of this kind should read too.
        source: the data set, or the kind of work, whose format the row is written in.
        verifiers: the kinds that the row is for.
        settings: of the verifier, beside its kind.
    """

    kind: str
    gold: str
    text: str
    label: str
    reading: bool
    source: str
    verifiers: tuple[str, ...]
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judged:
    """A row, and the label that a verifier gave it; REFUSED where it declines the gold answer."""

    row: Row
    label: str
    answer: str | None = None

    @property
    def is_false_positive(self) -> bool:
        """Called correct where a person does not."""
        return self.label == Label.CORRECT and self.row.label != Label.CORRECT

    @property
    def is_false_negative(self) -> bool:
        """Called wrong where a person calls it correct."""
        return self.label == Label.WRONG and self.row.label == Label.CORRECT

    @property
    def is_unread(self) -> bool:
        """A person reads an answer here, and the verifier read none."""
        return self.row.reading and self.label not in (Label.CORRECT, Label.WRONG)

    @property
    def is_right(self) -> bool:
        """As the person says; where no answer is read, anything but a false correct."""
        return self.label == self.row.label or not (self.row.reading or self.is_false_positive)

    def __str__(self) -> str:
        found, row = f"{self.label} ({self.answer})", self.row
        return f"{row.kind:<15} gold {row.gold!r:.60} text {row.text!r:.200}: {found:.60}, a person: {row.label}"


Ask = Callable[..., Iterator[Judged]]
"""from rows that have one setting, and the number of workers, to what is said of each"""


def read_corpus(folder: Path = ROWS) -> list[Row]:
    """All rows, in the order of their files' names."""
    return [
        Row(path.stem, **{**fields, "verifiers": tuple(fields["verifiers"])})
        for path in sorted(folder.glob("*.jsonl"))
        for fields in map(json.loads, path.read_text(encoding="utf-8").splitlines())
    ]


def judge_rows(rows: Iterable[Row], ask: Ask) -> list[Judged]:
    """What is said of all rows, those of one setting together."""
    return [judged for alike in by_settings(rows) for judged in ask(alike)]


def by_settings(rows: Iterable[Row]) -> list[list[Row]]:
    """The rows, those together that one verifier with its settings can be asked about."""
    together: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        together[json.dumps(row.settings, sort_keys=True)].append(row)
    return list(together.values())


def ask_verifier(kind: str, rows: Sequence[Row], num_workers: int | None = None) -> Iterator[Judged]:
    """What a kind of verifier says of rows that have one setting, as the judge stage asks it: in killable workers."""
    judge = AnswerJudge(verifier=_VERIFIER.validate_python({"kind": kind, **rows[0].settings}))
    refused = [explain_gold(row.gold, judge.verifier) is not None for row in rows]
    taken = list(compress(rows, map(not_, refused)))
    items = [(Problem("p", (Message("user", "?"),), row.gold), _sample(row.text)) for row in taken]
    with closing(verify_in_pool(judge, items, lambda job: job.pool(num_workers))) as outcomes:
        for row, (_, sample), outcome in zip(taken, items, outcomes, strict=True):
            verdict = make_verdict(sample, judge.name, outcome)
            yield Judged(row, verdict.label, verdict.answer)
    yield from (Judged(row, REFUSED) for row in compress(rows, refused))


def ask_baseline(name: str, rows: Sequence[Row], num_workers: int | None = None) -> Iterator[Judged]:
    """What a baseline (benchmarks/baselines.py) says of rows."""
    target = f"benchmarks.baselines:{name}"
    with KillablePool(target, BASELINE_SECONDS, num_workers, memory_bytes=WORKER_MEMORY_BYTES) as pool:
        for row, outcome in zip(rows, pool.map((row.gold, row.text) for row in rows), strict=True):
            yield Judged(row, outcome.value if outcome.failure is None else Label.VERIFIER_ERROR)


def _sample(text: str) -> Sample:
    return Sample("p/0", "p", 0, text, FinishReason.STOP, len(text), None, "corpus")
