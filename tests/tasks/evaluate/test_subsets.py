"""Means over all subsets of k draws, against hand-computed numbers and against counting the subsets one by one."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.evaluate.statistics import pass_at_k
from tasks.evaluate.subsets import best_at_k, majority_at_k, majority_chances, pass_at_k_s, reward_at_k_s

Answers = list[tuple[str | None, bool]]


def draws(letters: str, gold: str = "8") -> Answers:
    """One answer a letter; a dash has none."""
    return [(None if letter == "-" else letter, letter == gold) for letter in letters]


@pytest.mark.parametrize(
    ("is_correct", "k", "expected"),
    [((1, 0, 1, 0), 2, 0.6667), ((0, 1, 1, 0), 2, 0.5), ((0, 1, 1, 0), 3, 0.25), ((1, 0), 1, 0.5)],
)
def test_best_of_k(is_correct: tuple[int, ...], k: int, expected: float) -> None:
    assert best_at_k([bool(u) for u in is_correct], k) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize(("s", "expected"), [(1, 0.7), (2, 0.4), (3, 0.1)])
def test_reward_at_k_s(s: int, expected: float) -> None:
    assert reward_at_k_s([True, False, True, True, False], 3, s) == pytest.approx(expected)


@given(st.lists(st.booleans(), min_size=1, max_size=8), st.data())
def test_reward_at_k_s_is_the_share_of_subsets_whose_top_is_right(is_correct: list[bool], data: st.DataObject) -> None:
    k = data.draw(st.integers(1, len(is_correct)))
    s = data.draw(st.integers(1, k))
    counted = mean(all(subset[:s]) for subset in combinations(is_correct, k))
    assert reward_at_k_s(is_correct, k, s) == pytest.approx(counted)


@pytest.mark.parametrize(("s", "expected"), [(1, 0.9167), (2, 0.5), (3, 0.0833)])
def test_pass_at_k_s(s: int, expected: float) -> None:
    assert pass_at_k_s([1, 1, 1], 10, 5, s) == pytest.approx(expected, abs=5e-5)


@given(st.lists(st.integers(1, 3), max_size=3), st.integers(0, 4), st.data())
@settings(max_examples=60)
def test_pass_at_k_s_counts_a_text_drawn_twice_once(counts: list[int], num_wrong: int, data: st.DataObject) -> None:
    pool = [text for text, count in enumerate(counts) for _ in range(count)] + [None] * num_wrong
    if not pool:
        return
    k = data.draw(st.integers(1, len(pool)))
    s = data.draw(st.integers(1, k))
    counted = mean(len({text for text in subset if text is not None}) >= s for subset in combinations(pool, k))
    assert pass_at_k_s(counts, len(pool), k, s) == pytest.approx(counted)


def test_with_s_of_one_it_is_pass_at_k() -> None:
    assert pass_at_k_s([2, 1], 10, 4, 1) == pytest.approx(pass_at_k(10, 3, 4))


@pytest.mark.parametrize(
    ("letters", "k", "strict"),
    [("8877", 4, 0.0), ("887-", 4, 1.0), ("8877", 3, 0.5), ("8875", 2, 0.1667), ("----", 4, 0.0), ("8", 1, 1.0)],
)
def test_majority(letters: str, k: int, strict: float) -> None:
    assert majority_at_k(draws(letters), k) == pytest.approx(strict, abs=5e-5)


def test_a_tie_is_broken_at_random_in_the_expected_value() -> None:
    assert majority_chances(draws("8877"), 4) == pytest.approx((0, 0.5, 1))
    assert majority_chances(draws("887766"), 6).expected == pytest.approx(1 / 3)


def test_correct_answers_written_in_two_ways_are_one_answer() -> None:
    assert majority_at_k([("0.5", True), ("1/2", True), ("7", False)], 3) == 1


@given(st.text("8765-", min_size=1, max_size=7), st.data())
@settings(max_examples=80)
def test_majority_is_the_mean_over_all_subsets(letters: str, data: st.DataObject) -> None:
    k = data.draw(st.integers(1, len(letters)))
    strict, expected = [], []
    for subset in combinations(letters, k):
        votes = Counter(letter for letter in subset if letter != "-")
        top = [letter for letter, number in votes.items() if number == max(votes.values())]
        strict.append(top == ["8"])
        expected.append(("8" in top) / len(top) if top else 0)
    found = majority_chances(draws(letters), k)
    assert (found.strict, found.expected) == pytest.approx((mean(strict), mean(expected)))


@pytest.mark.parametrize(("k", "s"), [(0, 1), (3, 1), (2, 0), (1, 2)])
def test_sizes_that_cannot_be(k: int, s: int) -> None:
    with pytest.raises(ValueError):
        reward_at_k_s([True, False], k, s)
    with pytest.raises(ValueError):
        pass_at_k_s([1], 2, k, s)


def test_more_correct_texts_than_draws_cannot_be() -> None:
    with pytest.raises(ValueError, match="add up to at most n 2"):
        pass_at_k_s([2, 1], 2, 1, 1)
