"""What guidance cost and gained, in all and by difficulty."""

from __future__ import annotations

import pytest

from tasks.sample.guide.difficulty import bin_of, guide_summary
from tests.tasks.sample.guide.make import make_standing


@pytest.mark.parametrize(
    ("rate", "name"),
    [(0, "0"), (1 / 8, "25"), (0.25, "25"), (0.26, "50"), (0.5, "50"), (0.75, "75"), (0.76, "100"), (1, "100")],
)
def test_bins_are_closed_on_the_right_and_zero_has_its_own(rate: float, name: str) -> None:
    assert bin_of(rate) == name


def test_numbers_of_a_step() -> None:
    standing = [make_standing("a", 3), make_standing("b", 0), make_standing("c", 0), make_standing("d", 3)]
    outcomes = {"a": [False, True], "b": [False] * 8, "c": [True, False, True] + [False] * 5}
    numbers = guide_summary(standing, outcomes, min_correct=4)
    assert numbers["num_short_problems"] == 4
    assert numbers["num_guided_problems"] == 3
    assert numbers["num_guided_samples"] == 18
    assert numbers["num_guided_correct"] == 3
    assert numbers["tries_per_correct"] == 6
    assert numbers["still_unsolved"] == 1
    assert numbers["still_short"] == 3
    assert numbers["rate_0_num_guided_samples"] == 16
    assert numbers["rate_0_tries_per_correct"] == 8
    assert numbers["rate_50_tries_per_correct"] == 2
    assert "rate_75_num_guided_samples" not in numbers


def test_without_a_correct_try_there_is_no_price() -> None:
    assert guide_summary([make_standing()], {"p": [False]}, 1)["tries_per_correct"] is None
    empty = guide_summary([], {}, 1)
    assert (empty["num_guided_samples"], empty["tries_per_correct"]) == (0, None)
