"""The formulas against the worked numbers of the algorithm reference, sections 5.6 and 5.8."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.monitor.formulas import (
    Confusion,
    bin_place,
    brier_score,
    effective_bins,
    entropy,
    expected_calibration_error,
    normalised_entropy,
    shares,
    spearman,
    total_variation,
)

COUNTS = st.lists(st.integers(0, 50), min_size=2, max_size=8).filter(any)


def test_entropy_of_a_histogram_of_scores() -> None:
    warned = (0, 1, 2, 5, 30, 62)
    assert entropy(warned) == pytest.approx(0.9317, abs=5e-5)
    assert normalised_entropy(warned) == pytest.approx(0.5200, abs=5e-5)
    assert max(shares(warned)) == 0.62
    assert normalised_entropy((10, 20, 30, 25, 10, 5)) == pytest.approx(0.9153, abs=5e-5)
    assert normalised_entropy((0, 0, 100, 0)) == 0
    assert normalised_entropy((7,)) == entropy(()) == 0


def test_the_tail_histogram() -> None:
    first, later = (320, 240, 160, 80), (400, 220, 60, 10)
    assert shares(first) == pytest.approx([0.4, 0.3, 0.2, 0.1])
    assert shares(later) == pytest.approx([0.5797, 0.3188, 0.0870, 0.0145], abs=5e-5)
    assert total_variation(first, later) == pytest.approx(0.1986, abs=5e-5)
    assert (effective_bins(first), effective_bins(later)) == pytest.approx((3.5961, 2.5968), abs=5e-5)
    assert shares(later)[3] / shares(first)[3] == pytest.approx(0.145, abs=5e-4)


@given(COUNTS)
def test_effective_bins_lie_between_one_and_all(counts: list[int]) -> None:
    assert 1 - 1e-9 <= effective_bins(counts) <= len(counts) + 1e-9
    assert total_variation(counts, counts) == 0


def test_rank_correlation_with_length() -> None:
    assert spearman([1, 2, 3, 4, 5], [120, 90, 200, 260, 240]) == pytest.approx(0.8)
    assert spearman([1, 1, 2], [5, 5, 9]) == pytest.approx(1)
    assert spearman([1, 1], [3, 4]) is spearman([1], [2]) is spearman([], []) is None


def test_a_judge_against_gold() -> None:
    found = Confusion(true_yes=40, false_yes=15, missed=5, true_no=40)
    assert found.precision == pytest.approx(0.7273, abs=5e-5)
    assert found.recall == pytest.approx(0.8889, abs=5e-5)
    assert found.false_positive_rate == pytest.approx(0.2727, abs=5e-5)
    assert found.accuracy == pytest.approx(0.8)
    assert found.kappa == pytest.approx(0.6040, abs=5e-5)


def test_rates_of_nothing_are_not_known() -> None:
    empty = Confusion()
    assert [empty.precision, empty.recall, empty.false_positive_rate, empty.accuracy, empty.kappa] == [None] * 5
    only_yes = Confusion(true_yes=3)
    assert (only_yes.precision, only_yes.kappa, only_yes.false_positive_rate) == (1, None, None)


def test_calibration() -> None:
    confidences, outcomes = [0.95, 0.9, 0.85, 0.6, 0.55, 0.3], [1, 1, 0, 1, 0, 0]
    assert expected_calibration_error(confidences, outcomes, 5) == pytest.approx(0.1917, abs=5e-5)
    assert brier_score(confidences, outcomes) == pytest.approx(0.2146, abs=5e-5)
    assert expected_calibration_error([], [], 5) is brier_score([], []) is None


@pytest.mark.parametrize(("share", "place"), [(0, 0), (0.2, 0), (0.21, 1), (0.6, 2), (3 * 0.2, 2), (1, 4)])
def test_bins_are_closed_on_the_right(share: float, place: int) -> None:
    assert bin_place(share, 5) == place
