"""From advantages to numbers of tokens: who has a span of which stream, and with what value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pytest

from configs.schema.online.amount import Schedule
from configs.schema.online.objectives import Dapo, Grpo, Nft, OnlineObjective, Ppo, Raft
from tasks.core.records import DropReason
from tasks.online.credit.assign import Judged, assign
from tasks.online.credit.baseline import Remembered
from tasks.online.credit.teaches import teaches
from tasks.online.schedule import Position
from tasks.online.streams import Span, mask_truncated, nft_weight, pools_of, spans_of
from tests.tasks.online.build import attempt, credit, judged, rewarded, said


def streams(
    objective: OnlineObjective, *groups: Judged, at: Position | None = None, **settings: object
) -> Sequence[Span]:
    found, _ = assign(credit(**{"baseline": "none", **settings}), groups, Remembered())
    return spans_of(mask_truncated(found, objective), objective, at or Position())


def told(spans: Sequence[Span], stream: str) -> dict[tuple[str, int, int], float]:
    return {(span.row, span.start, span.end): span.value for span in spans if span.stream == stream}


def test_an_advantage_is_that_of_every_token_of_a_units_texts() -> None:
    turns = [attempt(0.0, row="a", start=0, end=4), said("wrong", row="a", start=6, end=9)]
    wave = Judged("f", (rewarded(0, 1, name="a", turns=turns), rewarded(0, name="b")))
    spans = streams(Dapo(), wave, baseline="mean")
    assert told(spans, "advantage") == {("a", 0, 4): 0.5, ("a", 6, 9): 0.5, ("b", 0, 1): -0.5}
    assert {span.stream for span in spans} == {"advantage"}, "no weight of the divergence, no stream"


def test_ratios_of_texts_need_to_know_which_text_a_token_lies_in() -> None:
    turns = [attempt(0.0, row="a", start=0, end=4), said("wrong", row="a", start=6, end=9)]
    wave = Judged("f", (rewarded(0, 1, name="a", turns=turns), rewarded(0, name="b")))
    for settings in ({}, {"unit": "turn", "group_by": ["turn"]}):
        spans = streams(Grpo(ratio="turn", kl_weight=0), wave, **settings)
        assert told(spans, "turn") == {("a", 0, 4): 0, ("a", 6, 9): 1, ("b", 0, 1): 0}


def test_an_episode_without_a_reward_has_no_tokens_and_one_at_the_baseline_has() -> None:
    spans = streams(Dapo(), judged(1, None, 1), baseline="mean")
    assert told(spans, "advantage") == {("f0", 0, 1): 0, ("f2", 0, 1): 0}


def test_truncated_texts_are_masked_where_the_objective_says_so() -> None:
    turns = [attempt(0.0, row="a", is_truncated=True)]
    wave = Judged("f", (rewarded(0, name="a", turns=turns), rewarded(1, name="b")))
    assert told(streams(Dapo(), wave, baseline="mean"), "advantage") == {("b", 0, 1): 0.5}
    assert len(told(streams(Dapo(mask_truncated=False), wave), "advantage")) == 2
    found, _ = assign(credit(), [wave], Remembered())
    assert [one.dropped for one in mask_truncated(found, Dapo())] == [DropReason.TRUNCATED, None]


def test_the_divergence_weighs_by_schedule_and_by_turn() -> None:
    wave = Judged("f", (rewarded(0, 1, 1, name="a"),))
    fading = Grpo(kl_weight=Schedule(start=0.1, end=0, over=4))
    assert set(told(streams(fading, wave), "kl_weight").values()) == {0.1}
    assert set(told(streams(fading, wave, at=Position(steps=2)), "kl_weight").values()) == {0.05}
    assert told(streams(fading, wave, at=Position(steps=4)), "kl_weight") == {}
    pinned = Grpo(kl_weight_by_turn=(0.1, 0.01))
    for settings in ({}, {"unit": "turn", "group_by": ["turn"]}):
        found = told(streams(pinned, wave, **settings), "kl_weight")
        assert found == {("a", 0, 1): 0.1, ("a", 1, 2): 0.01, ("a", 2, 3): 0.01}


def test_stage_one_of_score_holds_the_first_turn_ten_times_as_tightly() -> None:
    """beta1 .01 on both turns, beta2 = .1 on the first besides; divergences .8 and .5, the second turn right: .907."""
    wave = Judged("f", (rewarded(0, 1, name="a"),))
    found = told(streams(Grpo(kl_weight_by_turn=(0.11, 0.01)), wave), "kl_weight")
    first, second = found["a", 0, 1], found["a", 1, 2]
    assert 1 - first * 0.8 - second * 0.5 == pytest.approx(0.907)


def test_raft_likes_the_first_of_the_best_of_each_group_if_it_is_good() -> None:
    spans = streams(Raft(), judged(0, 1, 1, fork="a"), judged(0, 0, fork="b"), judged(None, 0.5, fork="c"))
    assert told(spans, "nll_weight") == {("a1", 0, 1): 1.0, ("c1", 0, 1): 1.0}
    assert told(streams(Raft(least=0.5), judged(0.5, 0)), "nll_weight") == {}


def test_nft_knows_the_groups_share_and_which_side_a_row_is_on() -> None:
    spans = streams(Nft(), judged(1, 0, 0, -1, None), judged(1, 1, fork="g"))
    right = {("f0", 0, 1): 1.0, ("f1", 0, 1): 0.0, ("f2", 0, 1): 0.0, ("f3", 0, 1): 0.0}
    both = {("g0", 0, 1): 1.0, ("g1", 0, 1): 1.0}
    assert told(spans, "nft_right") == right | both
    assert told(spans, "nft_p") == dict.fromkeys(right, 0.25) | dict.fromkeys(both, 0.98)
    weights = told(spans, "nft_weight")
    assert [weights[key] for key in right] == [0.75] * 4
    assert set(told(streams(Nft(negative_weight=0.5), judged(1, 0)), "nft_weight").values()) == {0.5, 0.25}


@pytest.mark.parametrize(("weigh", "value"), [("none", 1), ("wrong_share", 0.75), ("odds", 1.7321)])
def test_nft_weighs_groups_in_three_ways(weigh: Literal["none", "wrong_share", "odds"], value: float) -> None:
    assert nft_weight(Nft(weigh=weigh), 0.25) == pytest.approx(value, abs=5e-5)


def test_a_value_head_gets_returns_the_texts_and_who_is_whitened_together() -> None:
    turns = [attempt(0.0, row="a", start=0, end=4), said("wrong", row="a", start=6, end=9)]
    wave = Judged("f", (rewarded(0, 1, name="a", turns=turns), rewarded(0, name="b"), rewarded(None, name="c")))
    spans = streams(Ppo(kl_weight=0.1), wave, unit="turn", turn_discount=0)
    assert told(spans, "return") == {("a", 0, 4): 0, ("a", 6, 9): 1, ("b", 0, 1): 0}
    assert told(spans, "turn") == {("a", 0, 4): 0, ("a", 6, 9): 1, ("b", 0, 1): 0}
    assert set(told(spans, "kl_weight")) == set(told(spans, "return"))
    assert {span.stream for span in spans} == {"return", "turn", "kl_weight"}
    found, _ = assign(credit(baseline="none", unit="turn"), [wave], Remembered())
    assert told(pools_of(found, "part"), "pool") == {("a", 0, 4): 0, ("a", 6, 9): 1, ("b", 0, 1): 0}
    assert set(told(pools_of(found, "wave"), "pool").values()) == {0}
    assert pools_of(found, "none") == []


def test_an_even_group_teaches_a_value_head() -> None:
    assert teaches(credit(baseline="none"), Ppo(), judged(0, 0))
    assert not teaches(credit(baseline="none"), Ppo(), judged(None, None))
