"""Revising against as many tokens of independent draws, against numbers worked out by hand."""

from __future__ import annotations

import pytest

from tasks.evaluate.correction.budget import at_budget, budget_numbers, budget_of
from tasks.evaluate.correction.course import Attempt, Course
from tasks.evaluate.statistics import bootstrap_interval, pass_at_k
from tasks.evaluate.subsets import majority_chances
from tests.tasks.evaluate.correction.ten_problems import COURSES, DRAWS, NUM_RIGHT_OF_8, TURNS


@pytest.mark.parametrize(("k", "passed", "voted"), [(1, 0.475, 0.475), (2, 0.6429, 0.475), (3, 0.7304, 0.4679)])
def test_draws_at_whole_numbers(k: int, passed: float, voted: float) -> None:
    assert sum(pass_at_k(8, right, k) for right in NUM_RIGHT_OF_8) / 10 == pytest.approx(passed, abs=5e-5)
    assert sum(majority_chances(draws, k).expected for draws in DRAWS) / 10 == pytest.approx(voted, abs=5e-5)


def test_the_budget_is_that_of_the_chains() -> None:
    assert budget_of(COURSES) == pytest.approx(2.34)
    found = budget_numbers(COURSES, DRAWS, TURNS, seed=1, oracle=True)
    assert found["pass_at_budget"] == pytest.approx(0.6726, abs=5e-5)
    assert found["majority_at_budget"] == pytest.approx(0.4726, abs=5e-5)
    assert found["gain_over_majority"] == pytest.approx(0.1274, abs=5e-5)
    assert found["gain_over_majority_low"] < 0 < found["gain_over_majority_high"], "ten problems show nothing"
    assert "pass_at_budget" not in budget_numbers(COURSES, DRAWS, TURNS, seed=1, oracle=False)


def test_between_whole_numbers_it_is_linear() -> None:
    assert at_budget(lambda k: float(k * k), 2.5) == 6.5
    assert at_budget(lambda k: float(k * k), 3.0) == 9.0


def test_more_than_was_drawn_is_not_guessed() -> None:
    few = [draws[:2] for draws in DRAWS]
    assert budget_numbers(COURSES, few, TURNS, seed=1, oracle=True) == {"budget": pytest.approx(2.34)}
    assert budget_numbers([Course("p", (Attempt(False),))], [[]], TURNS, seed=1, oracle=True) == {}


def test_the_interval_is_that_of_a_mean() -> None:
    """Half of 400 differences are 1, half 0: a standard error of .025."""
    low, high = bootstrap_interval([0.0, 1.0] * 200, seed=3)
    assert (low, high) == pytest.approx((0.5 - 1.96 * 0.025, 0.5 + 1.96 * 0.025), abs=0.006)
    assert bootstrap_interval([0.0, 1.0] * 200, seed=3) == (low, high)
    assert bootstrap_interval([0.25] * 9, seed=3) == (0.25, 0.25)
