"""Credit of tokens with a value head."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.online.credit.assign import Judged, assign
from tasks.online.credit.baseline import Remembered
from tasks.online.credit.unit import to_go
from tasks.online.credit.values import credit_tokens, estimate
from tests.tasks.online.build import attempt, credit, rewarded, said

REWARDS, VALUES = (0, 0.2, 0.2, 0, -0.2, 1), (0.5, 0.5, 0.6, 0.6, 0.5, 0.7)


def near(*numbers: float) -> list[Any]:
    return [pytest.approx(number, abs=5e-5) for number in numbers]


def test_rewards_of_tokens_add_up_from_each_to_the_end() -> None:
    assert [to_go(REWARDS, place, 1.0) for place in range(6)] == near(1.2, 1.2, 1.0, 0.8, 0.8, 1)


def test_estimates_are_those_of_the_paper() -> None:
    assert estimate(REWARDS, VALUES, 1.0, 0.95) == near(0.6119, 0.6441, 0.3622, 0.1708, 0.2850, 0.3)
    returns = [1.2, 1.2, 1.0, 0.8, 0.8, 1]
    assert estimate(REWARDS, VALUES, 1.0, 1.0) == near(*(r - v for r, v in zip(returns, VALUES, strict=True)))
    assert estimate((0, 1), (0.5, 0.25), 0.5, 0.0) == near(0.5 * 0.25 - 0.5, 0.75)
    assert estimate((), (), 1.0, 1.0) == []


def wave() -> Judged:
    """Two texts of three and two tokens in one row, with a token from outside between them."""
    turns = [attempt(0.0, row="a", start=0, end=3), said("wrong", row="a", start=4, end=6)]
    return Judged("f", (rewarded(0, 1, name="a", turns=turns), rewarded(None, name="b")))


def test_each_texts_return_falls_on_its_last_token() -> None:
    values = {"a": (0.1, 0.2, 0.3, 9.0, 0.4, 0.5)}
    found, _ = assign(credit(baseline="none", unit="turn", turn_discount=0), [wave()], Remembered())
    first, second = credit_tokens(found, values, discount=1, decay=1, normalise_by="none")
    assert first.advantages == tuple(near(-0.1, -0.2, -0.3)) and first.targets == tuple(near(0, 0, 0))
    assert second.advantages == tuple(near(0.6, 0.5)) and second.targets == tuple(near(1, 1))
    assert second.values == (0.4, 0.5)
    whole, _ = assign(credit(baseline="none"), [wave()], Remembered())
    first, second = credit_tokens(whole, values, discount=1, decay=1, normalise_by="none")
    assert first.targets == tuple(near(1, 1, 1)) and second.targets == tuple(near(1, 1))


def test_tokens_are_whitened_over_the_wave_or_by_part_and_targets_stay() -> None:
    values = {"a": (0.0, 0.5, 1.0, 9.0, 0.4, 0.6)}
    found, _ = assign(credit(baseline="none", unit="turn", turn_discount=0), [wave()], Remembered())
    first, second = credit_tokens(found, values, discount=1, decay=1, normalise_by="part")
    assert first.advantages == tuple(near(1.22474, 0, -1.22474)) and second.advantages == tuple(near(1, -1))
    assert second.targets == tuple(near(1, 1))
    parts = credit_tokens(found, values, discount=1, decay=1, normalise_by="wave")
    flat = [value for one in parts for value in one.advantages]
    assert sum(flat) == pytest.approx(0) and sum(value**2 for value in flat) == pytest.approx(5)
