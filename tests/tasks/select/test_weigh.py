"""Weights of examples, by hand and by property."""

from __future__ import annotations

from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.schema.select import WeighByEntropy, WeighByGain, WeighByProblem
from tasks.core.records import DropReason, Label
from tasks.select.filters.edit_distance import similarity
from tasks.select.selection import Selected
from tasks.select.weigh import (
    answer_entropy,
    effective_samples,
    gain_weights,
    problem_weights,
    row_weights,
)
from tests.build.candidates import make_candidate


def group(problem_id: str, num_kept: int, num_dropped: int = 0) -> list[Selected]:
    reasons = [None] * num_kept + [DropReason.WRONG] * num_dropped
    return [Selected(make_candidate(problem_id, index), reason) for index, reason in enumerate(reasons)]


def by_answers(problem_id: str, *counts: int, num_kept: int = 1) -> list[Selected]:
    """Samples with answers 0, 1, ... so often; the first ones are kept."""
    answers = [str(answer) for answer, count in enumerate(counts) for _ in range(count)]
    return [
        Selected(
            make_candidate(problem_id, index, answer=answer), None if index < num_kept else DropReason.WRONG
        )
        for index, answer in enumerate(answers)
    ]  # fmt: skip


def test_problem_weights_by_hand() -> None:
    assert problem_weights([group("a", 1), group("b", 3, 2), group("c", 0, 4)], WeighByProblem()) == {
        "a": 2.0,
        "b": 2 / 3,
    }
    assert problem_weights([], WeighByProblem()) == {}


@given(st.lists(st.integers(1, 100), min_size=1))
def test_problems_weigh_the_same_and_examples_one_on_average(counts: list[int]) -> None:
    weights = problem_weights([group(f"p{place}", count) for place, count in enumerate(counts)], WeighByProblem())
    totals = [weights[f"p{place}"] * count for place, count in enumerate(counts)]
    assert totals == pytest.approx([totals[0]] * len(totals))
    assert sum(totals) / sum(counts) == pytest.approx(1)


def test_entropies_of_east() -> None:
    for counts, entropy in [((4, 4), 0.6931), ((7, 1), 0.3768), ((3, 2, 2, 1), 1.3209)]:
        answers = [str(answer) for answer, count in enumerate(counts) for _ in range(count)]
        assert answer_entropy(answers) == pytest.approx(entropy, abs=5e-5)
    assert answer_entropy([]) == answer_entropy(["7", "7"]) == 0


@pytest.mark.parametrize(("power", "expected"), [(1, (0.8698, 0.4728, 1.6575)), (2, (0.6089, 0.1799, 2.2112))])
def test_entropy_weights_of_east(power: float, expected: tuple[float, ...]) -> None:
    groups = [by_answers("a", 4, 4), by_answers("b", 7, 1, num_kept=3), by_answers("c", 3, 2, 2, 1)]
    weights = problem_weights(groups, WeighByEntropy(power=power))
    assert tuple(weights.values()) == pytest.approx(expected, abs=5e-5)
    assert sum(weights.values()) == pytest.approx(3)


def test_entropy_is_over_all_samples_but_only_kept_problems_are_averaged() -> None:
    groups = [by_answers("a", 4, 4), by_answers("b", 7, 1, num_kept=0), by_answers("c", 3, 2, 2, 1)]
    weights = problem_weights(groups, WeighByEntropy())
    assert list(weights) == ["a", "c"] and sum(weights.values()) == pytest.approx(2)
    assert weights["a"] / weights["c"] == pytest.approx(0.693147 / 1.320888, rel=1e-5)


def test_no_answer_is_a_cluster_and_one_answer_is_no_weight() -> None:
    missing = [Selected(make_candidate("a", index, answer=answer)) for index, answer in enumerate(["7", None, None])]
    assert answer_entropy(["7", None, None]) == pytest.approx(log(3) - 2 / 3 * log(2))
    weights = problem_weights([missing, by_answers("b", 5), by_answers("c", 1, 1)], WeighByEntropy())
    assert set(weights) == {"a", "c"} and sum(weights.values()) == pytest.approx(2)
    assert problem_weights([by_answers("b", 5)], WeighByEntropy()) == {}


def test_guided_samples_do_not_enter_the_entropy() -> None:
    guided = [Selected(make_candidate("a", 9, answer="9", draw="hinted"))]
    with_guided = problem_weights([by_answers("a", 4, 4) + guided, by_answers("b", 7, 1)], WeighByEntropy())
    assert with_guided == problem_weights([by_answers("a", 4, 4), by_answers("b", 7, 1)], WeighByEntropy())


@given(
    st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=4).filter(any), min_size=1, max_size=5),
    st.floats(0.1, 3),
)
def test_entropy_weights_average_one_over_kept_problems(counts: list[list[int]], power: float) -> None:
    groups = [by_answers(f"p{place}", *answers) for place, answers in enumerate(counts)]
    weights = problem_weights(groups, WeighByEntropy(power=power))
    assert all(weight > 0 for weight in weights.values())
    assert sum(weights.values()) == pytest.approx(len(weights))


def test_effective_samples() -> None:
    assert effective_samples(4.0, 4.0) == 4
    assert effective_samples(3.0, 0.8698**2 + 0.4728**2 + 1.6575**2) == pytest.approx(2.4146, abs=1e-4)
    assert effective_samples(0.0, 0.0) is None


@pytest.mark.parametrize(
    ("alpha", "beta", "expected"),
    [(1, 1, (0.4640, 0.2814, 0.2546)), (5, 1, (0.5950, 0.3609, 0.0442)), (1, 0, (0.3837, 0.3837, 0.2327)),
     (1, 5, (0.6897, 0.0566, 0.2537))],
)  # fmt: skip
def test_gain_weights_of_self_correction(alpha: float, beta: float, expected: tuple[float, ...]) -> None:
    """One hypothesis of value 0, and three texts that improve it: gains 1, 1, .5, similarities .9, .4, .8."""
    targets = [(1, 0.9), (1, 0.4), (0.5, 0.8)]
    weights = gain_weights(targets, alpha, beta)
    assert weights == pytest.approx(expected, abs=6e-5) and sum(weights) == pytest.approx(1)
    higher = gain_weights([(score + 2, alike) for score, alike in targets], alpha, beta)
    assert higher == pytest.approx(weights), "what the hypothesis itself is worth cancels"
    assert gain_weights([(1e4, 0), (0, 0)], 1, 1) == [1, 0] and gain_weights([], 1, 1) == []


def test_similarity_is_what_need_not_be_edited() -> None:
    assert similarity("abcd", "abcd") == 1 and similarity("abcd", "") == 0 and similarity("", "") == 1
    assert similarity("abcd", "abXdY") == similarity("abXdY", "abcd") == pytest.approx(0.6)


def test_the_answers_after_one_and_the_same_share_its_weight() -> None:
    """Two hypotheses, of three and of one better text: four rows for two, so that the mean weight is 1."""
    worse, other = make_candidate("p", 0, Label.WRONG, text="aaaa"), make_candidate("p", 1, Label.WRONG, text="bbbb")
    better = [make_candidate("p", 2 + place, text=text) for place, text in enumerate(("aaab", "abbb", "cccc"))]
    steps = [*((worse, one) for one in better), (other, better[0])]
    weigh = row_weights([[]], WeighByGain(alpha=2, beta=1), lambda group: steps)
    weights = weigh(steps)
    assert weights[:3] == pytest.approx([2 * share for share in gain_weights([(1, 0.75), (1, 0.25), (1, 0)], 2, 1)])
    assert weights[3] == 2 and sum(weights) == pytest.approx(4)  # type: ignore[arg-type]
    unscored = (worse, make_candidate("p", 9, Label.UNPARSEABLE))
    assert weigh([*steps, unscored]) == [*weights, DropReason.UNSCORED]


def test_other_weights_are_those_of_the_problem() -> None:
    groups = [group("a", 1), group("b", 3)]
    steps = [(None, one.candidate) for own in groups for one in own]
    assert row_weights(groups, WeighByProblem(), lambda _: [])(steps) == pytest.approx([2, 2 / 3, 2 / 3, 2 / 3])
    other = (None, make_candidate("c", 0))
    assert row_weights(groups, WeighByProblem(), lambda _: [])([other]) == [DropReason.ONE_SIDED]
