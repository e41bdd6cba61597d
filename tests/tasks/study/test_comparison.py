"""Estimates against numbers worked by hand, and their intervals against the truth of simulated studies."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.study.comparison import estimate, holm


def test_one_seed_is_an_interval_over_problems() -> None:
    """20 of 40: standard error sqrt(.25 * 40/39 / 40) = .0801, t of 39 degrees 2.0227: half a width of .162."""
    table = np.array([[1.0, 0.0] * 20])
    found = estimate(table)
    assert found.mean == 0.5
    assert (found.low, found.high) == pytest.approx((0.338, 0.662), abs=0.004)


def test_seeds_that_agree_leave_the_problems() -> None:
    """The same answers with every seed: as one seed."""
    one = estimate(np.array([[1.0, 0.0] * 20]))
    three = estimate(np.array([[1.0, 0.0] * 20] * 3))
    assert (three.low, three.high) == pytest.approx((one.low, one.high), abs=0.006)


def test_seeds_that_differ_widen_the_interval() -> None:
    """Means .2, .5, .8 of seeds: t of 2 degrees 4.303 times .3 / sqrt 3 = .745."""
    table = np.array([[1.0] * share + [0.0] * (200 - share) for share in (40, 100, 160)])
    rolled = np.array([np.roll(row, 67 * seed) for seed, row in enumerate(table)])
    found = estimate(rolled)
    assert found.high - found.mean == pytest.approx(0.745, abs=0.05)
    assert found.p_value > 0.05


def test_seeds_whose_means_are_alike_by_chance_are_no_certainty() -> None:
    """Each seed gains a point on 100 problems, 3 of them new and 2 lost, each time others: 15 of 300 cells vary."""
    table = np.zeros((3, 100))
    for seed in range(3):
        table[seed, 5 * seed : 5 * seed + 3], table[seed, 5 * seed + 3 : 5 * seed + 5] = 1, -1
    found = estimate(table)
    assert found.mean == pytest.approx(0.01)
    alone = 1.96 * np.sqrt((15 / 300) / 300)
    assert 0.45 * alone < found.high - found.mean < 1.2 * alone and found.p_value > 0.1


def test_what_never_varies_is_certain() -> None:
    assert estimate(np.zeros((3, 10))) == estimate(np.zeros((1, 4)))
    assert estimate(np.zeros((3, 10))).p_value == 1
    assert estimate(np.ones((2, 5))).p_value == 0


def test_holm_steps_down() -> None:
    """.01 * 4, .02 * 3, then .03 * 2 = .06 and .04 * 1, which cannot be below what came before."""
    assert holm({"d": 0.04, "a": 0.01, "c": 0.03, "b": 0.02}) == pytest.approx(
        {"d": 0.06, "a": 0.04, "c": 0.06, "b": 0.06}
    )
    assert holm({"a": 0.6, "b": 0.7}) == {"a": 1.0, "b": 1.0}
    assert holm({}) == {}


@pytest.mark.parametrize(("seeds", "spread"), [(1, 0.0), (2, 0.03), (3, 0.0), (3, 0.02), (3, 0.05), (5, 0.03)])
def test_intervals_of_a_thousand_studies_cover_the_truth(seeds: int, spread: float) -> None:
    """Paired differences of 200 problems between a method and a baseline that it beats by five points, with seeds that
    are better or worse by a standard deviation of `spread`: 95 % intervals cover between 93 and 97 % of the time."""
    draw, truth = np.random.default_rng(7), 0.05
    covered = 0
    for _ in range(1000):
        easy = np.clip(0.45 + draw.normal(0, 0.1, (1, 200)), 0.15, 0.75) * np.ones((seeds, 1))
        better = easy + truth + (draw.normal(0, spread, (seeds, 1)) if spread else 0)
        table = (draw.random(easy.shape) < better).astype(float) - (draw.random(easy.shape) < easy)
        found = estimate(table)
        covered += found.low <= truth <= found.high
    assert 930 <= covered <= 970


def test_a_method_that_learns_nothing_is_seldom_called_better() -> None:
    """Of 500 studies without any difference at most 7 % say that there is one, with p corrected for five methods."""
    draw, called = np.random.default_rng(3), 0
    for _ in range(500):
        base = draw.random((3, 100)) < 0.4
        p_values = {
            str(name): estimate((draw.random((3, 100)) < 0.4).astype(float) - base).p_value for name in range(5)
        }
        called += min(holm(p_values).values()) < 0.05
    assert called <= 35


def test_an_interval_of_shares_ends_where_shares_end() -> None:
    """Two seeds that differ say next to nothing of a third: the interval is wider than what can be."""
    wide = estimate(np.array([[1.0] * 60 + [0.0] * 40, [1.0] * 40 + [0.0] * 60]))
    assert wide.low < 0 and wide.high > 1
    cut = wide.within(0, 1)
    assert (cut.mean, cut.low, cut.high, cut.p_value) == (wide.mean, 0, 1, wide.p_value)
    assert cut.within(-1, 2) == cut
