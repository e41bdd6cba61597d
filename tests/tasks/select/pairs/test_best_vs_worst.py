"""Best against worst: the rules of RLHF Workflow, ties, margins, and DICE's length penalty."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.schema.pair import BestVsWorst
from tasks.core.records import Pair, spell
from tasks.select.filters.filter import Group
from tasks.select.pairs.choice import NoPair
from tasks.select.pairs.length_penalty import search_penalty
from tests.build.candidates import scored_group
from tests.tasks.select.pairs.make import indices, pairs_of

REWARDS, CHARS = (0.2, 1.5, -0.3, 1.1), (100, 900, 50, 300)
DICE = [
    ((2.0, 1.4, 0.1), (300, 200, 100)),
    ((1.0, 3.0, 2.6), (100, 250, 120)),
    ((0.5, 0.2, -1.0), (90, 210, 160)),
]


def pair(scores: Any, chars: Any = None, spreads: Any = None, **config: Any) -> Any:
    return indices(pairs_of(scored_group(scores, chars, spreads), BestVsWorst(**config)))


@pytest.mark.parametrize(
    ("rule", "penalty", "expected"),
    [
        ("max_min", 0.0, (1, 2)),
        ("max_max", 0.0, (1, 3)),
        ("max_random", 0.0, (1, 0)),
        ("random", 0.0, (1, 0)),
        ("max_min", 0.001, (3, 2)),  # .1, .6, -.35, .8
    ],
)
def test_rules_of_rlhf_workflow(rule: str, penalty: float, expected: tuple[int, int]) -> None:
    assert pair(REWARDS, CHARS, rule=rule, length_penalty=penalty) == [expected]


def test_the_best_is_never_set_against_itself_and_the_better_is_chosen() -> None:
    assert pair((3, 1, 2), rule="max_random") == [(0, 1)]
    assert pair((3, 1, 2), rule="random") == [(0, 1)]
    assert pair((1, 3, 2), rule="random") == [(1, 0)]


@pytest.mark.parametrize("rule", ["max_min", "max_max", "max_random", "random"])
@pytest.mark.parametrize("ties", ["drop", "lowest_spread", "first"])
def test_equal_scores_make_no_pair(rule: str, ties: str) -> None:
    assert pair((3, 3, 3, 3), rule=rule, ties=ties) is NoPair.ALL_EQUAL


def test_self_rewarding_pairs_highest_and_lowest() -> None:
    assert pair((4.33, 4.0, 3.67, 2.0, 1.33)) == [(0, 4)]


@pytest.mark.parametrize(
    ("ties", "expected"),
    [("first", [(1, 0)]), ("lowest_spread", [(3, 2)]), ("drop", NoPair.TIED)],
)
def test_ties_at_top_and_bottom(ties: str, expected: Any) -> None:
    assert pair((1, 5, 1, 5), spreads=(0.6, 0.5, 0.2, 0.1), ties=ties) == expected


def test_equal_spreads_fall_back_to_the_first() -> None:
    assert pair((1, 5, 1, 5), spreads=(0.2, 0.1, 0.2, 0.1)) == [(1, 0)]
    assert pair((1, 2, 3), ties="drop") == [(2, 0)]
    assert pair((1, 5, 5), rule="max_max", ties="drop") is NoPair.ALL_EQUAL
    assert pair((4, 5, 4), rule="max_max", ties="drop") is NoPair.TIED


def test_the_margin_is_that_of_penalised_scores() -> None:
    (made,) = pairs_of(scored_group(REWARDS, CHARS), BestVsWorst(length_penalty=0.001))
    assert isinstance(made, Pair) and made.margin == pytest.approx(0.8 + 0.35)
    assert (made.weight, made.soft_label, made.role) == (1.0, None, "policy")
    assert pair((1, 2, 3), min_margin=2.0) == [(2, 0)]
    assert pair((1, 2, 3), min_margin=2.1) is NoPair.SMALL_MARGIN


def test_a_missing_score_is_never_the_worst() -> None:
    assert pair((2.0, None, 1.0, None)) == [(0, 2)]
    assert pair((None, 1.0, None)) is NoPair.TOO_FEW
    assert pair((1.0, 2.0, None), min_scored=3) is NoPair.TOO_FEW
    assert pair((None, 1.0, 2.0), rule="random") == [(2, 1)]


rounded = st.integers(-3, 3).map(float)


@given(
    st.lists(st.tuples(st.none() | rounded, st.integers(1, 50), st.floats(0, 1)), min_size=1, max_size=8),
    st.sampled_from(["max_min", "max_max", "max_random", "random"]),
    st.sampled_from(["drop", "lowest_spread", "first"]),
    st.sampled_from([0.0, 0.05]),
)
def test_the_chosen_scores_above_the_rejected(
    samples: list[tuple[float | None, int, float]], rule: Any, ties: Any, penalty: float
) -> None:
    scores, chars, spreads = zip(*samples, strict=True)
    group = scored_group(scores, chars, spreads)
    made = pairs_of(group, BestVsWorst(rule=rule, ties=ties, length_penalty=penalty))
    penalised = {
        one.sample.id: score - penalty * len(one.sample.text)
        for one, score in zip(group, scores, strict=True)
        if score is not None
    }
    if isinstance(made, NoPair):
        assert made is not NoPair.TOO_FEW or len(penalised) < 2
        assert rule != "max_min" or made is not NoPair.ALL_EQUAL or len(set(penalised.values())) == 1
        return
    (one,) = made
    gap = penalised[one.chosen_id] - penalised[one.rejected_id]
    assert gap > 0 and one.margin == gap
    if rule != "random":
        assert penalised[one.chosen_id] == max(penalised.values())
    if rule == "max_min":
        assert penalised[one.rejected_id] == min(penalised.values())


def dice_groups() -> list[Group]:
    return [scored_group(scores, chars, problem_id=f"p{place}") for place, (scores, chars) in enumerate(DICE)]


def mean_gap(penalty: float, groups: list[Group] | None = None) -> float:
    made = [pairs_of(group, BestVsWorst(length_penalty=penalty)) for group in groups or dice_groups()]
    pairs = [one for pairs in made if not isinstance(pairs, NoPair) for one in pairs]
    return sum(len(spell(one.chosen)) - len(spell(one.rejected)) for one in pairs) / len(pairs)


def test_gaps_of_dice() -> None:
    for penalty, gap in [
        (0.0, 93.33), (0.003, 93.33), (0.004, 50), (0.007, 16.67), (0.009, 16.67), (0.010, -50)
    ]:  # fmt: skip
        assert mean_gap(penalty) == pytest.approx(gap, abs=0.005)


def test_the_search_takes_the_smallest_penalty_with_the_smallest_gap() -> None:
    assert search_penalty(dice_groups(), BestVsWorst(length_penalty="search", judge="rubric")) == 0.007


def test_without_pairs_there_is_no_penalty() -> None:
    groups = [scored_group((1.0, 1.0), (5, 5)), scored_group((1.0, None))]
    assert search_penalty(groups, BestVsWorst(length_penalty="search", judge="rubric")) == 0.0
    assert search_penalty([], BestVsWorst(length_penalty="search", judge="rubric")) == 0.0


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 40).map(lambda n: n / 10), st.integers(1, 60)), min_size=2, max_size=5),
        min_size=1,
        max_size=4,
    )
)
def test_the_search_counts_the_pairs_that_are_made(problems: list[list[tuple[float, int]]]) -> None:
    groups = [scored_group(*zip(*samples, strict=True), problem_id=f"p{n}") for n, samples in enumerate(problems)]
    config = BestVsWorst(length_penalty="search", judge="rubric")
    found = search_penalty(groups, config)
    gaps = {}
    for penalty in (found, 0.0, 0.001, 0.02, 0.1, 0.5, 0.999):
        if any(isinstance(pairs_of(group, BestVsWorst(length_penalty=penalty)), list) for group in groups):
            gaps[penalty] = abs(mean_gap(penalty, groups))
    assert not gaps or gaps[found] == min(gaps.values())
    assert not gaps or min(penalty for penalty, gap in gaps.items() if gap == gaps[found]) == found
