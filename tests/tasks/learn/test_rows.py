"""The share of pairs of judgements is bounded, and a row says all that the trainer reads."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.errors import UserError
from configs.schema.objective import Rows
from tasks.core.records import Example, Message, Pair, Span, written
from tasks.learn.rows import ROW_KINDS, cap_judge_pairs, example_row, pair_row


def make_pair(role: str) -> Pair:
    return Pair("p", (Message("user", "1+1="),), written("2"), written("3"), "p/0", "p/1", role=role)


@given(st.lists(st.sampled_from(["policy", "judge"]), max_size=60), st.floats(0.01, 0.9))
def test_judge_pairs_stay_below_their_share(roles: list[str], share: float) -> None:
    kept = list(cap_judge_pairs(lambda: map(make_pair, roles), share))
    judged = sum(pair.role == "judge" for pair in kept)
    assert sum(pair.role == "policy" for pair in kept) == roles.count("policy")
    assert judged <= share * len(kept) + 1e-9


def test_fifteen_percent_of_a_hundred_policy_pairs() -> None:
    pairs = [make_pair("policy")] * 100 + [make_pair("judge")] * 40
    assert len(list(cap_judge_pairs(lambda: pairs, 0.15))) == 117


def test_a_pair_row_holds_every_field() -> None:
    row = pair_row(make_pair("policy"))
    assert row["messages"] == [{"role": "user", "content": "1+1="}]
    assert (row["chosen"], row["rejected"]) == ([{"text": "2", "weight": 1.0}], [{"text": "3", "weight": 1.0}])
    assert (row["weight"], row["soft_label"], row["chosen_ends"], row["rejected_ends"]) == (1.0, None, True, True)


def test_an_example_row_holds_its_pieces() -> None:
    example = Example("p/0", "p", (Message("user", "?"),), (Span("1", 0.0), Span("2"), Span("", 0.5)), ends=False)
    row = example_row(example)
    assert row["completion"] == [{"text": text, "weight": weight} for text, weight in (("1", 0.0), ("2", 1), ("", 0.5))]
    assert (row["ends"], "is_desirable" in row) == (False, False)
    assert example_row(replace(example, is_desirable=True))["is_desirable"] is True


@pytest.mark.parametrize("completion", [(), (Span(""), Span("2"))])
def test_a_piece_without_text_is_refused(completion: tuple[Span, ...]) -> None:
    with pytest.raises(UserError, match="the row of sample p/0 has a piece without text"):
        example_row(Example("p/0", "p", (Message("user", "?"),), completion))
    with pytest.raises(UserError, match="the row of sample p/1 has a piece without text"):
        pair_row(replace(make_pair("policy"), rejected=completion))


def test_every_kind_of_rows_can_be_written() -> None:
    assert set(ROW_KINDS) == set(get_args(Rows)) - {"streams"}, "streams are made while a segment runs"
