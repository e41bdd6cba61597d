"""The balance score's worked numbers, and a planted optimum that must be found."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.errors import NoDataError
from tasks.calibrate.balance import Draw, Point, Tally, balance, choose, draw_curve, measure, tally, wanted_per_problem

POINT = Point(temperature=0.7, threshold=0.0, balance=0.5, num_kept=1, num_good=1, share_without=0)


@pytest.mark.parametrize(
    ("num_good", "num_kept", "by_six", "by_eight"),
    [
        (6, 6, 1.0, 0.75),
        (3, 4, 0.375, 0.28125),
        (8, 10, 0.8, 0.8),
        (6, 32, 0.1875, 0.140625),
        (12, 16, 0.75, 0.75),
        (0, 3, 0.0, 0.0),
        (0, 0, 0.0, 0.0),
    ],
)
def test_the_score_of_one_problem(num_good: int, num_kept: int, by_six: float, by_eight: float) -> None:
    assert balance(num_good, num_kept, 6) == pytest.approx(by_six)
    assert balance(num_good, num_kept, 8) == pytest.approx(by_eight)


def counts(num_good: int, num_kept: int) -> Tally:
    """A problem of which that many samples score 1, and the wrong or repeated ones too."""
    return Tally((1.0,) * num_kept, (1.0,) * num_good)


@pytest.mark.parametrize(
    ("pairs", "wanted", "mean"),
    [
        ([(6, 6), (3, 4), (8, 10), (0, 3)], 6, 0.54375),
        ([(6, 6), (3, 4), (8, 10), (0, 3)], 8, 0.4578125),
        ([(6, 6), (3, 4), (0, 0)], 6, 0.4583333333),
    ],
)
def test_the_mean_counts_problems_of_which_nothing_is_kept(
    pairs: list[tuple[int, int]], wanted: int, mean: float
) -> None:
    point = measure(0.7, 0.5, [counts(*pair) for pair in pairs], wanted)
    assert point.balance == pytest.approx(mean)
    assert point.share_without == sum(kept == 0 for _, kept in pairs) / len(pairs)


def test_samples_wanted_of_a_problem_are_rounded_up() -> None:
    assert wanted_per_problem(67_500, 11_500) == 6
    assert wanted_per_problem(13_500, 2_627) == 6
    assert wanted_per_problem(100, 100) == 1
    assert wanted_per_problem(1, 100) == 1


def test_the_threshold_is_strict_and_a_missing_score_is_never_kept() -> None:
    draws = [Draw("a", 0.5, True), Draw("b", 0.6, False), Draw("c", None, True), Draw("d", -2.0, True)]
    counted = tally(draws)
    assert (counted.num_kept(0.5), counted.num_good(0.5)) == (1, 0)
    assert (counted.num_kept(0.49), counted.num_good(0.49)) == (2, 1)
    assert (counted.num_kept(-99), counted.num_good(-99)) == (3, 2)


def test_the_same_text_counts_once_whatever_white_space_ends_it() -> None:
    counted = tally(
        [Draw("a b", 0.2, True), Draw("a b\n", 0.8, True), Draw(" a b", 0.4, True), Draw("a  b", 0.2, True)]
    )
    assert (counted.num_kept(0.0), counted.num_good(0.0)) == (4, 2)
    assert (counted.num_kept(0.5), counted.num_good(0.5)) == (1, 1)


def test_of_equals_the_lower_temperature_wins_then_the_higher_threshold() -> None:
    points = [
        replace(POINT, temperature=temperature, threshold=threshold, balance=value)
        for temperature, threshold, value in [(0.9, 0.3, 0.5), (0.7, 0.1, 0.5), (0.7, 0.2, 0.5), (0.5, 0.9, 0.4)]
    ]
    assert choose(points, "reward", 1.0) == points[2]


def test_equal_means_of_other_orders_are_equals() -> None:
    cool = [counts(*pair) for pair in [(1, 10), (2, 10), (3, 10), (1, 3)]]
    points = draw_curve({0.9: cool, 0.5: cool[::-1]}, [0.0], 10)
    assert choose(points, "reward", 1.0).temperature == 0.5


def make_tally(kept: float, good_share: float, seed: int) -> Tally:
    """64 draws; those that are correct score above `kept`, the wrong ones below it."""
    rng = random.Random(seed)
    draws = []
    for number in range(64):
        is_correct = rng.random() < good_share
        score = rng.uniform(kept + 0.01, 1.0) if is_correct else rng.uniform(-1.0, kept)
        draws.append(Draw(f"text {number}", score, is_correct))
    return tally(draws)


@pytest.mark.parametrize(("best_temperature", "best_threshold"), [(0.5, 0.2), (0.9, -0.3), (1.2, 0.6)])
def test_a_planted_best_setting_is_recovered(best_temperature: float, best_threshold: float) -> None:
    temperatures = (0.5, 0.7, 0.9, 1.2)
    thresholds = [round(-1 + 0.1 * step, 1) for step in range(21)]
    tallies = {
        temperature: [make_tally(best_threshold, 0.5 if temperature == best_temperature else 0.1, seed)
                      for seed in range(200)]
        for temperature in temperatures
    }  # fmt: skip
    points = draw_curve(tallies, thresholds, 64)
    assert len(points) == len(temperatures) * len(thresholds)
    best = choose(points, "reward", 1.0)
    assert (best.temperature, best.threshold) == (best_temperature, best_threshold)
    assert best.balance > max(point.balance for point in points if point.temperature != best_temperature)


draws_of_a_problem = st.lists(
    st.builds(
        Draw, st.sampled_from(["a", "b", "c "]), st.none() | st.sampled_from([-1.0, 0.0, 0.5, 1.0]), st.booleans()
    )
)


@given(st.lists(draws_of_a_problem, min_size=1), st.sampled_from([-2.0, 0.0, 0.5, 1.0]), st.integers(1, 5))
def test_a_point_is_what_counting_one_by_one_gives(problems: list[list[Draw]], threshold: float, wanted: int) -> None:
    total = 0.0
    for draws in problems:
        kept = [draw for draw in draws if draw.score is not None and draw.score > threshold]
        good = {draw.text.strip() for draw in kept if draw.is_correct}
        total += min(len(good) / wanted, 1) * len(good) / len(kept) if kept else 0
    point = measure(1.0, threshold, [tally(draws) for draws in problems], wanted)
    assert point.balance == pytest.approx(total / len(problems), abs=1e-9)
    assert 0 <= point.balance <= 1


def test_a_grid_that_keeps_nothing_is_told_the_highest_score() -> None:
    points = draw_curve({0.7: [tally([Draw("a", 0.25, True)])]}, [0.5, 0.9], 1)
    with pytest.raises(NoDataError, match=r"highest score of judge 'reward' is 0\.25.*lowest threshold 0\.5") as caught:
        choose(points, "reward", 0.25)
    assert "below 0.25" in str(caught.value.fix)


def test_a_grid_that_keeps_only_wrong_samples_is_told_so() -> None:
    points = draw_curve({0.7: [tally([Draw("a", 0.25, False)])]}, [0.0], 1)
    with pytest.raises(NoDataError, match=r"no sample that a threshold keeps is correct.*is 0\.25"):
        choose(points, "reward", 0.25)


def test_a_judge_that_scores_nothing_is_named() -> None:
    points = draw_curve({0.7: [tally([Draw("a", None, True)])]}, [0.0], 1)
    with pytest.raises(NoDataError, match="judge 'reward' gave none of the probe's samples a score"):
        choose(points, "reward", None)
