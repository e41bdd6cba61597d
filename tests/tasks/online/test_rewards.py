"""Values of reward terms, by hand and by the papers' numbers; what is missing stays missing."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

import pytest

from configs.schema.kinds import component_choices
from configs.schema.online.amount import KlEstimate, Schedule
from configs.schema.online.rewards import (
    FormatTerm,
    JudgeTerm,
    KlTerm,
    LengthTerm,
    LikenessTerm,
    ProgressTerm,
    RewardTerm,
    TurnCountTerm,
    VerdictMatchTerm,
)  # fmt: skip
from tasks.core.records import Label
from tasks.online.divergence import estimates_of
from tasks.online.reward import term_values, value_group
from tasks.online.rewards.length import overlong
from tasks.online.rewards.progress import discounted, efficiency, quality
from tasks.online.rewards.registry import KINDS
from tasks.online.rewards.turn_count import count_value
from tasks.online.rollout import Turn
from tasks.online.schedule import Position
from tests.tasks.online.build import (
    JUDGES,
    attempt,
    critique,
    group,
    rewards_of,
    rollout,
    said,
    values_of,
    verdict,
)

SCORE = JudgeTerm(of="rubric")


def near(*numbers: float) -> list[object]:
    return [pytest.approx(number, abs=5e-5) for number in numbers]


def test_every_kind_of_term_can_be_computed() -> None:
    assert set(KINDS) == set(component_choices(RewardTerm))


@pytest.mark.parametrize(
    ("turn", "value"),
    [
        (attempt(1.0), 1.0), (attempt(0.0), 0.0), (attempt(0.4, Label.WRONG), 0.4),
        (attempt(None, Label.UNPARSEABLE), 0.0), (attempt(None, Label.TRUNCATED), 0.0),
        (attempt(None, Label.VERIFIER_ERROR), None), (attempt(None, Label.MISSING), None), (attempt(), None),
        (attempt(math.nan), None), (attempt(math.inf), None),
    ],
)  # fmt: skip
def test_a_judge_by_rule_has_no_opinion_only_where_it_failed_itself(turn: Turn, value: float | None) -> None:
    assert values_of([JudgeTerm()], rollout(turn)) == [{0: value}]


def test_a_model_that_judges_and_cannot_be_read_has_said_nothing() -> None:
    turns = [attempt(None, Label.UNPARSEABLE, "rubric"), attempt(3.0, Label.UNSCORED, "rubric")]
    assert values_of([SCORE], rollout(turns[0]), rollout(turns[1])) == [{0: None}, {0: 3.0}]


def test_values_by_label_take_the_scores_place_and_what_is_not_listed_is_missing() -> None:
    term = JudgeTerm(values={"correct": 1, "wrong": -0.5, "unparseable": -1})
    turns = [attempt(1.0), attempt(0.0), attempt(None, Label.UNPARSEABLE), attempt(None, Label.TRUNCATED)]
    assert values_of([term], rollout(*turns)) == [{0: 1, 1: -0.5, 2: -1, 3: None}]
    assert values_of([term.model_copy(update={"attempts": "last"})], rollout(*turns)) == [{3: None}]
    assert values_of([term.model_copy(update={"attempts": "first"})], rollout(*turns)) == [{0: 1}]


def test_a_verdict_is_worth_what_it_says_of_the_attempt_before() -> None:
    term = VerdictMatchTerm(right=1, wrong=-1, unparseable=-2)
    turns = [attempt(1.0), said("right"), said("wrong"), attempt(0.0), said("right"), said("wrong"), said(None)]
    assert values_of([term], rollout(*turns)) == [{1: 1, 2: -1, 4: -1, 5: 1, 6: -2}]


@pytest.mark.parametrize("label", [Label.VERIFIER_ERROR, Label.MISSING, None])
def test_nobody_knows_whether_a_verdict_on_an_unjudged_attempt_is_true(label: str | None) -> None:
    assert values_of([VerdictMatchTerm()], rollout(attempt(None, label), said("wrong"))) == [{1: None}]


@pytest.mark.parametrize(("likeness", "share", "reward"), [(0.6, 1, 3), (0.5, 0, -2.5), (1, 1, 5), (0, 0, -5)])
def test_programs_of_ledex(likeness: float, share: float, reward: float) -> None:
    """5 (S_cb + S_ut) - 5: the likeness of a program to others, and the share of its tests."""
    terms = [
        JudgeTerm(name="like", of="rubric", weight=5.0),
        JudgeTerm(name="tests", of="answer", weight=5.0, shift=-1),
    ]
    turn = attempt(share)
    turn = replace(turn, verdicts={**turn.verdicts, "rubric": verdict(likeness, Label.UNSCORED, "rubric")})
    (found,) = rewards_of(terms, rollout(turn))
    assert found.rewards == (pytest.approx(reward),)


@pytest.mark.parametrize(
    ("text", "reward"), [("abcdefghXX", 1.6667), ("abcdefgXXX", 0), ("abcdeXXXXX", -3.3333), ("abcdXXXXXX", -5)]
)
def test_explanations_of_ledex(text: str, reward: float) -> None:
    """(50 S_ex - 35) / 3 of likeness .8, .7, .5 and .4 to the explanation before a right attempt."""
    term = LikenessTerm(weight=50 / 3, shift=-0.7)
    told = [rollout(attempt(0.0), critique(words), attempt(score)) for words, score in
            ((text, 0.0), ("abcdefghij", 1.0), ("zzz", 0.0))]  # fmt: skip
    found = rewards_of([term], *told)
    assert found[0].rewards == (0, *near(reward), 0)
    assert found[1].rewards == (0, None, 0), "no other explanation of the group is accepted"
    assert values_of([LikenessTerm()], *told)[2] == {1: 0}


def test_right_attempts_are_accepted_themselves() -> None:
    told = [rollout(attempt(score, text=text)) for text, score in (("ab", 1.0), ("ac", 1.0), ("xx", 0.0))]
    assert values_of([LikenessTerm(part="attempt")], *told) == [{0: 0.5}, {0: 0.5}, {0: 0}]


def test_progress_is_added_to_later_attempts_alone() -> None:
    terms = [JudgeTerm(), ProgressTerm(alpha=10)]
    chains = [rollout(attempt(first), attempt(second)) for first, second in ((0, 1), (1, 1), (1, 0), (0, 0))]
    assert values_of(terms, *chains) == [{1: 10}, {1: 0}, {1: -10}, {1: 0}]


@pytest.mark.parametrize(("since", "value"), [("previous", 0.5), ("first", 0.25), ("best", -0.25)])
def test_progress_has_three_beginnings(since: Literal["previous", "first", "best"], value: float) -> None:
    chain = rollout(*(attempt(score, Label.UNSCORED) for score in (0.5, 1.0, 0.25, 0.75)))
    assert values_of([JudgeTerm(), ProgressTerm(since=since)], chain)[0][3] == value


def test_progress_from_or_to_an_attempt_without_a_value_is_missing() -> None:
    chain = rollout(attempt(1.0), attempt(None, Label.VERIFIER_ERROR), attempt(1.0))
    assert values_of([JudgeTerm(), ProgressTerm()], chain) == [{1: None, 2: None}]
    assert values_of([JudgeTerm(), ProgressTerm(rule="discounted")], chain) == [{2: None}]


@pytest.mark.parametrize(
    ("found", "value"),
    [((1, 3), 2.5), ((3, 3), 1.5), ((3, 1), -0.5), ((0, 0), 0), ((0, 3), 3), ((1 / 3, 1), 0.8333)],
)
def test_discounted_progress_is_cocos(found: tuple[float, ...], value: float) -> None:
    assert discounted(0.5, found) == pytest.approx(value, abs=5e-5)


@pytest.mark.parametrize(
    ("found", "of_quality", "of_efficiency", "whole"),
    [((0, 1), 1.5, 2, 3.75), ((1, 1), 1.025, 1, 2.5125), ((0, 0), -0.5, 0, 0.75), ((1, 0), -0.5, -1, -0.25),
     ((0, 0, 1), 1.0498, 1.5, 3.0249)],
)  # fmt: skip
def test_quality_and_efficiency_are_reflexicoders(
    found: tuple[float, ...], of_quality: float, of_efficiency: float, whole: float
) -> None:
    assert quality(ProgressTerm(), found) == pytest.approx(of_quality, abs=5e-5)
    assert efficiency(found) == pytest.approx(of_efficiency, abs=5e-5)
    gated = {"gate": True, "gates": ("quality", "efficiency")}
    terms = [
        JudgeTerm(weight=0.0),
        ProgressTerm(name="quality", rule="quality", weight=0.5), ProgressTerm(name="efficiency", rule="efficiency"),
        TurnCountTerm(**gated), FormatTerm(pattern="<answer>"),
        FormatTerm(name="grammar", pattern="<answer>", gate=True),
    ]  # fmt: skip
    chain = [attempt(one, text="<answer>" if place == len(found) - 1 else "") for place, one in enumerate(found)]
    (own,) = rewards_of(terms, rollout(*chain))
    assert own.rewards[-1] == pytest.approx(whole, abs=5e-5)
    (spoiled,) = rewards_of(terms, rollout(*(attempt(one) for one in found)))
    assert spoiled.rewards[-1] == 0


def test_one_answer_and_no_revision_is_worth_nothing_by_count_and_efficiency() -> None:
    assert (count_value(TurnCountTerm(), 0), efficiency([1.0])) == (0, 0)


def test_the_count_of_revisions_falls_off_behind_the_free_ones() -> None:
    told = [count_value(TurnCountTerm(), number) for number in (0, 1, 5, 6, 7, 8)]
    assert told == near(0, 1, 1, 0.4983, 0.3149, 0.2003)
    assert [count_value(TurnCountTerm(table=(0.5, 1, 0)), number) for number in (0, 1, 2, 9)] == [0.5, 1, 0, 0]


@pytest.mark.parametrize(("tokens", "value"), [(0, 0), (80, 0), (85, -0.25), (95, -0.75), (100, -1), (150, -1)])
def test_overlong_texts_lose_by_a_line(tokens: int, value: float) -> None:
    assert overlong(100, 20, tokens) == value
    assert values_of([LengthTerm(limit=100, cache=20)], rollout(attempt(end=tokens))) == [{0: value}]


def test_relative_length_takes_the_groups_mean_reward_in_proportion() -> None:
    terms = [JudgeTerm(), LengthTerm(rule="relative", weight=0.2)]
    own = rewards_of(terms, *(rollout(attempt(score, end=end)) for score, end in ((1.0, 100), (1.0, 200), (0.0, 50))))
    assert [one.rewards[0] for one in own] == near(0.9333, 0.8667, -0.0333)


def test_relative_length_leaves_out_what_has_no_reward() -> None:
    terms = [JudgeTerm(), LengthTerm(rule="relative")]
    chains = [rollout(attempt(1.0, end=10)), rollout(attempt(None, Label.MISSING, end=99))]
    assert values_of(terms, *chains) == [{0: -1.0}, {0: None}]


@pytest.mark.parametrize(
    ("score", "chars", "box", "value"), [(1.0, 2000, True, -1.0), (1.0, 8000, True, 0.5), (-0.5, 4000, False, -1.5)]
)
def test_inverse_length_is_rlsp(score: float, chars: int, box: bool, value: float) -> None:
    text = "x" * chars + ("\\boxed{1} and more" if box else "")
    terms = [JudgeTerm(), LengthTerm(rule="inverse", limit=1000, until="\\boxed", least=-9)]
    (own,) = rewards_of(terms, rollout(attempt(score, text=text)))
    assert own.rewards == (value,)


def test_inverse_length_is_of_the_text_before_the_last_box() -> None:
    text = "x" * 2000 + "\\boxed{1}" + "x" * (2000 - 9) + "\\boxed{2}"
    assert values_of([LengthTerm(rule="inverse", limit=500, until="\\boxed")], rollout(attempt(text=text))) == [
        {0: -0.5}
    ]


def test_inverse_length_has_an_end_below() -> None:
    assert values_of([LengthTerm(rule="inverse", limit=1000)], rollout(attempt(text="x" * 20)), rollout(attempt())) == [
        {0: -1.0}, {0: -1.0}
    ]  # fmt: skip


def test_a_truncated_text_keeps_a_share_and_a_short_one_loses_one() -> None:
    gate = LengthTerm(rule="truncated", factor=0.5, gate=True)
    whole, cut = rewards_of([JudgeTerm(), gate], rollout(attempt(1.0)), rollout(attempt(1.0, is_truncated=True)))
    assert (whole.rewards, cut.rewards) == ((1.0,), (0.5,))
    short = LengthTerm(rule="minimum", limit=800)
    assert values_of([short], rollout(attempt(text="x" * 799)), rollout(attempt(text="x" * 800))) == [{0: -1}, {0: 0}]


def test_the_divergence_is_taken_from_every_trained_text() -> None:
    told = [(1.0, 5.0), (1.0, 10.0), (0.0, 4.0), (0.0, 6.0)]
    own = rewards_of([JudgeTerm(), KlTerm(coefficient=0.001)],
                     *(rollout(attempt(score, kl={"k1": kl})) for score, kl in told))  # fmt: skip
    assert [one.rewards[0] for one in own] == near(0.995, 0.99, -0.004, -0.006)
    rloo = rewards_of([JudgeTerm(), KlTerm(coefficient=0.05)],
                      *(rollout(attempt(score, kl={"k1": kl})) for score, kl in ((1.0, 2.0), (0.0, -1.0))))  # fmt: skip
    assert [one.rewards[0] for one in rloo] == near(0.9, 0.05), "as TRL's RLOO takes it"
    turns = rollout(attempt(is_trained=False), attempt(kl={"k1": 2.0}), said("right"))
    assert values_of([KlTerm(coefficient=0.5)], turns) == [{1: -1.0, 2: None}]


@pytest.mark.parametrize(("estimate", "value"), [("k1", 0.2), ("k2", 0.02), ("k3", 0.018731)])
def test_a_divergence_has_three_estimates_which_are_added_up_over_tokens(estimate: KlEstimate, value: float) -> None:
    """A token of log-probability -1 where the reference has -1.2; and one on which both agree."""
    told = estimates_of([-1.0 - -1.2, 0.0, -1.0 - -1.2])
    assert told[estimate] == pytest.approx(2 * value, abs=1e-6)
    term = KlTerm(coefficient=0.5, estimate=estimate)
    assert values_of([term], rollout(attempt(kl=told))) == [{0: pytest.approx(-value, abs=1e-6)}]


def test_stage_one_of_score_pins_the_first_turn_by_its_own_divergence() -> None:
    """2.0 in turn form: beta .01, progress 10, k1 sums .8 and .5."""
    chain = rollout(attempt(0.0, kl={"k1": 0.8}), attempt(1.0, kl={"k1": 0.5}))
    (own,) = rewards_of([JudgeTerm(), ProgressTerm(alpha=10), KlTerm(coefficient=0.01)], chain)
    assert list(own.rewards) == near(-0.008, 10.995)


def test_what_one_term_does_not_know_the_sum_does_not_know() -> None:
    terms = [JudgeTerm(), FormatTerm(pattern="x")]
    (own,) = rewards_of(terms, rollout(attempt(None, Label.MISSING, text="x"), attempt(1.0, text="x")))
    assert own.rewards == (None, 2.0) and own.by_term == {"judge": (None, 1.0), "format": (1.0, 1.0)}


def test_a_text_of_which_no_term_speaks_has_no_reward_of_its_own() -> None:
    (own,) = rewards_of([JudgeTerm()], rollout(attempt(1.0), said("right")))
    assert own.rewards == (1.0, 0.0)


def test_weights_go_by_the_experiments_steps_and_stand_in_the_table() -> None:
    terms = [JudgeTerm(weight=Schedule(start=1, end=0, over=100))]
    (own,) = rewards_of(terms, rollout(attempt(1.0)), at=Position(steps=25))
    assert own.rewards == (0.75,)
    whole = group(rollout(attempt(1.0), said("right"), attempt(None, Label.MISSING)))
    rows = term_values(terms, whole, value_group(terms, whole, JUDGES), Position(steps=50))
    assert [(row.turn, row.term, row.value, row.weight) for row in rows] == [
        (0, "judge", 1.0, 0.5),
        (2, "judge", None, 0.5),
    ]
