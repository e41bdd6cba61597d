"""Attempts with repairs: numbers worked out by hand, and every subset counted."""

from __future__ import annotations

from itertools import combinations
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.evaluate.correction.repair_tree import repair_success
from tasks.evaluate.statistics import pass_at_k

TREE = (None, None, 0, 0, 1, 2, 0, 3, 1, 0)


@pytest.mark.parametrize(
    ("attempts", "repairs", "expected"), [(1, 1, 0.3750), (2, 1, 0.6264), (1, 3, 0.5500), (4, 1, 0.8887)]
)
def test_repairs(attempts: int, repairs: int, expected: float) -> None:
    """Two of ten are right, four repairs of each wrong one."""
    assert repair_success(TREE, 4, attempts, repairs) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize(("k", "expected"), [(2, 0.3778), (4, 0.6667), (8, 0.9778)])
def test_what_as_many_draws_give(k: int, expected: float) -> None:
    assert pass_at_k(10, 2, k) == pytest.approx(expected, abs=5e-5)


@given(st.lists(st.none() | st.integers(0, 3), min_size=1, max_size=4), st.data())
@settings(max_examples=40)
def test_it_is_the_share_of_subtrees_with_success(tree: list[int | None], data: st.DataObject) -> None:
    attempts, repairs = data.draw(st.integers(1, len(tree))), data.draw(st.integers(0, 3))

    def succeeds(number: int | None) -> float:
        """Of one attempt, over all choices of its repairs."""
        return 1.0 if number is None else fmean(any(place < number for place in kept) for kept in choices)

    choices = list(combinations(range(3), repairs))
    counted = []
    for chosen in combinations(tree, attempts):
        fails = 1.0
        for number in chosen:
            fails *= 1 - succeeds(number)
        counted.append(1 - fails)
    assert repair_success(tree, 3, attempts, repairs) == pytest.approx(fmean(counted))


@pytest.mark.parametrize(("tree", "attempts", "repairs"), [((0,), 2, 1), ((0,), 1, 5), ((5,), 1, 1), ((), 1, 0)])
def test_more_than_there_is_is_refused(tree: tuple[int, ...], attempts: int, repairs: int) -> None:
    with pytest.raises(ValueError, match=r"needs|must lie"):
        repair_success(tree, 4, attempts, repairs)
