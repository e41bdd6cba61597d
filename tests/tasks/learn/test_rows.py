"""The share of pairs of judgements is bounded, and a row says all that the trainer reads."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tasks.core.records import Message, Pair
from tasks.learn.rows import cap_judge_pairs, pair_row


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


def test_a_pair_row_holds_every_field() -> None:
    row = pair_row(make_pair("policy"))
    assert row["messages"] == [{"role": "user", "content": "1+1="}]
    assert (row["chosen"], row["rejected"], row["weight"], row["soft_label"]) == ("2", "3", 1.0, None)
    assert (row["prefix"], row["chosen_ends"], row["rejected_ends"]) == ("", True, True)
