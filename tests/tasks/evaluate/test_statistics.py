"""The formulas, against hand-computed numbers (docs: sections 5.1 and 5.9 of the algorithm reference)."""

from __future__ import annotations

from itertools import combinations
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.records import ItemResult, Label
from tasks.evaluate.statistics import (
    PairedCounts,
    mcnemar_exact,
    paired_counts,
    pass_at_k,
    wilson_interval,
)
from tests.build.records import make_item


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        (0, 20, 0, 0.1611),
        (15, 20, 0.5313, 0.8881),
        (20, 20, 0.8389, 1),
        (41, 100, 0.3187, 0.5080),
        (410, 1000, 0.3799, 0.4408),
        (41, 50, 0.6920, 0.9023),
    ],
)
def test_wilson_intervals(successes: int, n: int, low: float, high: float) -> None:
    assert wilson_interval(successes, n) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_wilson_interval_holds_its_rate_and_is_symmetric(counts: tuple[int, int]) -> None:
    successes, n = counts
    low, high = wilson_interval(successes, n)
    assert 0 <= low <= successes / n + 1e-12
    assert successes / n - 1e-12 <= high <= 1
    mirrored_low, mirrored_high = wilson_interval(n - successes, n)
    assert (1 - mirrored_high, 1 - mirrored_low) == pytest.approx((low, high), abs=1e-12)


@pytest.mark.parametrize(("successes", "n"), [(0, 0), (-1, 5), (6, 5)])
def test_a_rate_that_cannot_be_has_no_interval(successes: int, n: int) -> None:
    with pytest.raises(ValueError):
        wilson_interval(successes, n)


@pytest.mark.parametrize(
    ("n", "c", "k", "expected"),
    [(10, 3, 1, 0.3), (10, 3, 2, 0.5333), (10, 3, 5, 0.9167), (10, 3, 8, 1.0), (10, 0, 10, 0.0), (1, 1, 1, 1.0)],
)
def test_pass_at_k(n: int, c: int, k: int, expected: float) -> None:
    assert pass_at_k(n, c, k) == pytest.approx(expected, abs=5e-5)


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n))))
def test_pass_at_k_is_the_quotient_of_binomials(counts: tuple[int, int, int]) -> None:
    n, c, k = counts
    assert pass_at_k(n, c, k) == pytest.approx(1 - comb(n - c, k) / comb(n, k), abs=1e-9)


def test_pass_at_k_is_the_share_of_subsets_with_a_correct_draw() -> None:
    draws = (True, False, False, True, False, False)
    subsets = list(combinations(draws, 3))
    assert pass_at_k(6, 2, 3) == pytest.approx(sum(any(subset) for subset in subsets) / len(subsets))


@pytest.mark.parametrize(("n", "c", "k"), [(4, 2, 5), (4, 5, 1), (4, 2, 0), (4, -1, 1), (0, 0, 1)])
def test_pass_at_k_needs_k_draws(n: int, c: int, k: int) -> None:
    with pytest.raises(ValueError):
        pass_at_k(n, c, k)


@pytest.mark.parametrize(
    ("b", "c", "p_value"),
    [(8, 2, 0.109375), (15, 5, 0.041389), (12, 3, 0.035156), (9, 3, 0.145996), (5, 5, 1), (0, 0, 1), (6, 0, 0.03125)],
)
def test_mcnemar(b: int, c: int, p_value: float) -> None:
    assert mcnemar_exact(b, c) == pytest.approx(p_value, abs=5e-7)
    assert mcnemar_exact(c, b) == mcnemar_exact(b, c)


def test_mcnemar_stands_large_counts() -> None:
    assert mcnemar_exact(5000, 5000) == 1
    assert mcnemar_exact(5300, 4700) == pytest.approx(2.08e-9, rel=0.01)
    assert mcnemar_exact(3000, 0) == 0


def item(problem_id: str, correct: bool, suite: str = "select") -> ItemResult:
    return make_item(suite, problem_id, Label.CORRECT if correct else Label.WRONG)


def test_changes_are_counted_by_item_not_by_place() -> None:
    before = [item("a", True), item("b", True), item("c", False), item("d", False), item("e", False)]
    after = [item("e", True), item("a", True), item("b", False), item("c", True), item("d", False)]
    assert paired_counts(before, after) == PairedCounts(gained=2, lost=1, both=1, neither=1)


def test_different_items_cannot_be_paired() -> None:
    with pytest.raises(ValueError, match="2 items are in one evaluation only"):
        paired_counts([item("a", True)], [item("b", True)])
    with pytest.raises(ValueError, match="one evaluation only"):
        paired_counts([item("a", True)], [item("a", True, "report")])
    with pytest.raises(ValueError, match="occurs twice"):
        paired_counts([item("a", True), item("a", False)], [item("a", True)])
