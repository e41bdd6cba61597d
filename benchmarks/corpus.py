"""The corpus of traps (tests/corpus/rows): its rows, and what a verifier says about each.

Called by `tests/corpus` and by `benchmarks/verifiers.py`. A row is a gold answer, a model's text, and what a careful
person would call the text; `tests/corpus/README.md` says how rows are written.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from configs.schema.judge import AnswerJudge
from configs.schema.verifier import Verifier
from tasks.core.records import FinishReason, Label, Message, Problem, Sample
from tasks.judge.kinds.answer import make_verdict
from tasks.judge.verifiers.pool import verify_in_pool
from tasks.judge.verifiers.registry import explain_gold

ROWS = Path(__file__).parents[1] / "tests" / "corpus" / "rows"
REFUSED = "refused"
"""what becomes of a row whose gold answer the verifier declines before any model is loaded"""
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

    def __str__(self) -> str:
        found, row = f"{self.label} ({self.answer})", self.row
        return f"{row.kind:<15} gold {row.gold!r:.60} text {row.text!r:.200}: {found:.60}, a person: {row.label}"


def read_corpus(folder: Path = ROWS) -> list[Row]:
    """All rows, in the order of their files' names."""
    return [
        Row(path.stem, **{**fields, "verifiers": tuple(fields["verifiers"])})
        for path in sorted(folder.glob("*.jsonl"))
        for fields in map(json.loads, path.read_text(encoding="utf-8").splitlines())
    ]


def judge_rows(rows: Iterable[Row], kind: str) -> list[Judged]:
    """What a kind of verifier says of the rows that are for it, as the judge stage asks it: in killable workers."""
    by_settings: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if kind in row.verifiers:
            by_settings[json.dumps(row.settings, sort_keys=True)].append(row)
    return [judged for alike in by_settings.values() for judged in _judge_alike(alike, kind)]


def _judge_alike(rows: Sequence[Row], kind: str) -> list[Judged]:
    judge = AnswerJudge(verifier=_VERIFIER.validate_python({"kind": kind, **rows[0].settings}))
    taken = [row for row in rows if explain_gold(row.gold, judge.verifier) is None]
    items = [(Problem("p", (Message("user", "?"),), row.gold), _sample(row.text)) for row in taken]
    outcomes = verify_in_pool(judge, items)
    verdicts = [make_verdict(sample, judge.name, found) for (_, sample), found in zip(items, outcomes, strict=True)]
    judged = [Judged(row, found.label, found.answer) for row, found in zip(taken, verdicts, strict=True)]
    return judged + [Judged(row, REFUSED) for row in rows if row not in taken]


def _sample(text: str) -> Sample:
    return Sample("p/0", "p", 0, text, FinishReason.STOP, len(text), None, "corpus")
