from __future__ import annotations

import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tasks.report.rounds import SampleRow
from tasks.report.samples import draw_rows


def row(number: int, reason: str = "") -> SampleRow:
    facts = {"prompt": "q", "text": "t", "gold": None, "answer": None, "label": "wrong"}
    return SampleRow.model_validate({"problem_id": f"p{number}", "kept": not reason, "reason": reason, **facts})


ROWS = [row(n) for n in range(50)] + [row(n, "wrong") for n in range(50, 90)] + [row(n, "truncated") for n in (90, 91)]


def test_every_reason_gets_its_share() -> None:
    drawn = draw_rows(ROWS, limit=20)
    assert Counter(r.reason for r in drawn) == {"": 9, "truncated": 2, "wrong": 9}
    assert [r.kept for r in drawn] == [True] * 9 + [False] * 11


def test_the_order_of_arrival_does_not_matter_and_the_seed_does() -> None:
    shuffled = random.Random(3).sample(ROWS, len(ROWS))
    assert draw_rows(shuffled, 20) == draw_rows(ROWS, 20)
    assert draw_rows(ROWS, 20, seed=1) != draw_rows(ROWS, 20)


@given(st.lists(st.sampled_from(["", "wrong", "over_cap", "duplicate"]), max_size=40), st.integers(0, 30))
def test_as_many_as_asked_for_or_all(reasons: list[str], limit: int) -> None:
    rows = [row(number, reason) for number, reason in enumerate(reasons)]
    drawn = draw_rows(rows, limit)
    assert len(drawn) == min(limit, len(rows))
    assert len({r.problem_id for r in drawn}) == len(drawn)
