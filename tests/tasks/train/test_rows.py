"""The share of pairs of judgements is bounded, and a row says all that the trainer reads."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.schema.objective import Dpo, Kto, Rows, Sft
from tasks.core.records import Example, Message, Pair
from tasks.learn.rows import ROW_KINDS, cap_judge_pairs, example_row, labelled_row, pair_row


def make_pair(role: str) -> Pair:
    return Pair("p", (Message("user", "1+1="),), "2", "3", "p/0", "p/1", role=role)


@given(st.lists(st.sampled_from(["policy", "judge"]), max_size=60), st.floats(0.01, 0.9))
def test_judge_pairs_stay_below_their_share(roles: list[str], share: float) -> None:
    kept = list(cap_judge_pairs([make_pair(role) for role in roles], share))
    judged = sum(pair.role == "judge" for pair in kept)
    assert sum(pair.role == "policy" for pair in kept) == roles.count("policy")
    assert judged <= share * len(kept) + 1e-9


def test_fifteen_percent_of_a_hundred_policy_pairs() -> None:
    pairs = [make_pair("policy")] * 100 + [make_pair("judge")] * 40
    assert len(list(cap_judge_pairs(pairs, 0.15))) == 117


def test_a_pair_is_written_as_parts_of_which_the_given_one_weighs_nothing() -> None:
    row = pair_row(make_pair("policy"), Dpo())
    assert row["messages"] == [{"role": "user", "content": "1+1="}]
    assert (row["chosen"], row["rejected"]) == ([{"text": "2", "weight": 1.0}], [{"text": "3", "weight": 1.0}])
    assert (row["chosen_ends"], row["rejected_ends"], row["weight"], row["soft_label"]) == (True, True, 1.0, None)
    step = pair_row(replace(make_pair("policy"), chosen="12", rejected="13", prefix="1", chosen_ends=False), Dpo())
    assert step["chosen"] == [{"text": "1", "weight": 0.0}, {"text": "2", "weight": 1.0}]
    assert step["rejected"] == [{"text": "1", "weight": 0.0}, {"text": "3", "weight": 1.0}]
    assert step["chosen_ends"] is False


def test_the_objective_says_what_the_given_beginning_of_an_example_weighs() -> None:
    example = Example("p/0", "p", (Message("user", "1+1="),), "12", 0.5, "1")
    for objective, given_weight in ((Sft(), 1.0), (Sft(skip_prefix=True), 0.0)):
        row = example_row(example, objective)
        assert row["completion"] == [{"text": "1", "weight": given_weight}, {"text": "2", "weight": 1.0}]
        assert (row["ends"], row["weight"]) == (True, 0.5)
    with pytest.raises(AssertionError, match="does not begin with what was given"):
        example_row(replace(example, prefix="3"), Sft())


def test_a_labelled_example_is_one_written_part() -> None:
    example = Example("p/0", "p", (Message("user", "1+1="),), "12", prefix="1", is_desirable=False)
    row = labelled_row(example, Kto())
    assert (row["completion"], row["is_desirable"]) == ([{"text": "12", "weight": 1.0}], False)


def test_every_kind_of_rows_can_be_written() -> None:
    assert set(ROW_KINDS) == set(get_args(Rows))
