"""The corpus of traps: what every verifier says about texts on which verifiers err. The rows are read by people.

Forks of one process a verifier do the work, as in the judge stage, for some seconds in all.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial

import pytest

from benchmarks.corpus import Judged, Row, ask_verifier, judge_rows, read_corpus
from tasks.core.records import Label
from tasks.judge.verifiers.registry import VERIFIERS
from tests.infra.sandbox.sandboxes import NEEDS_SANDBOX

MAX_UNREAD = 0.02
"""share of the answers that a person reads and a verifier does not"""
MAX_WRONG = 0.02
"""share of the right answers that a verifier calls wrong"""
ROWS = read_corpus()
KINDS = [
    pytest.param(kind, marks=NEEDS_SANDBOX if kind == "code" else ())
    for kind in sorted(VERIFIERS.keys() - {"call", "python"})
]


def test_the_rows_are_many_distinct_and_of_every_verifier() -> None:
    asked = [(row.gold, row.text, kind, str(row.settings)) for row in ROWS for kind in row.verifiers]
    labels = Counter(row.label for row in ROWS)
    assert len(ROWS) >= 600 and [key for key, count in Counter(asked).items() if count > 1] == []
    assert 0.4 < labels[Label.CORRECT] / len(ROWS) < 0.6 and labels.keys() <= {"correct", "wrong", "unparseable"}
    assert {kind for row in ROWS for kind in row.verifiers} == VERIFIERS.keys() - {
        "call",  # compares structures, no answers of people: test_calls
        "python",
        "reasoning_gym",  # the package judges, over all its tasks: test_reasoning_gym
    }


@pytest.mark.usefixtures("sandboxes_alone")
@pytest.mark.parametrize("kind", KINDS)
def test_a_verifier_calls_nothing_wrong_correct_and_reads_what_a_person_reads(kind: str) -> None:
    judged = judge_rows([patient(row) for row in ROWS if kind in row.verifiers], partial(ask_verifier, kind))
    num_read = sum(one.row.reading for one in judged)
    num_correct = sum(one.row.label == Label.CORRECT for one in judged)
    complaints = [
        *listing("called correct and not", [one for one in judged if one.is_false_positive], 0),
        *listing("not read", [one for one in judged if one.is_unread], MAX_UNREAD * num_read),
        *listing("correct and called wrong", [one for one in judged if one.is_false_negative], MAX_WRONG * num_correct),
    ]
    if complaints:
        pytest.fail("\n".join(complaints), pytrace=False)


def patient(row: Row) -> Row:
    """A row without a clock that a busy machine would run out, but for texts that are there to run out of time."""
    return row if row.kind == "huge" else replace(row, settings={"limit_seconds": 20.0, **row.settings})


def listing(what: str, rows: list[Judged], most: float) -> list[str]:
    """The rows, where they are more than may be."""
    return [f"{len(rows)} rows are {what}, {most:.0f} at most:", *map(str, rows)] if len(rows) > most else []
