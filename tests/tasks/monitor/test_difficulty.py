"""The tail: kept samples by how hard their problems were in round 1."""

from __future__ import annotations

import pytest

from tasks.monitor.difficulty import Difficulty, PassRate, bin_of, first_shares
from tests.tasks.monitor.make import group


@pytest.mark.parametrize(("rate", "place"), [(0, 0), (0.01, 1), (0.25, 1), (0.26, 2), (0.75, 3), (0.76, 4), (1, 4)])
def test_bins_are_closed_above(rate: float, place: int) -> None:
    assert bin_of(rate) == place


def first_round() -> Difficulty:
    measure = Difficulty()
    for number, correct in enumerate(("0000", "1000", "1100", "1111")):
        measure.add(group(correct, problem_id=f"p{number}"))
    return measure


def test_round_one_is_its_own_reference() -> None:
    numbers = first_round().numbers()
    assert [numbers[f"tail_bin_{name}"] for name in (0, 25, 50, 75, 100)] == pytest.approx([0, 1 / 7, 2 / 7, 0, 4 / 7])
    assert numbers["share_never_solved"] == 0.25
    assert numbers["tail_share_without_kept"] == 0.25
    assert numbers["tail_hard_share"] == pytest.approx(1 / 7)
    assert "tail_tv_to_first" not in numbers


def test_later_rounds_are_compared_with_the_fixed_reference() -> None:
    first = first_round().numbers()
    measure = Difficulty({"p1": 0.25, "p2": 0.5, "p3": 1.0}, first_shares(first))
    own = measure.add(group("1111", problem_id="p1"))
    assert own == PassRate("p1", 4, 4)
    measure.add(group("1111", problem_id="p3"))
    measure.add(group("1111", problem_id="unknown"))
    numbers = measure.numbers()
    assert numbers["tail_bin_25"] == numbers["tail_bin_100"] == 0.5
    assert numbers["tail_hard_ratio"] == pytest.approx(0.5 / (1 / 7))
    assert numbers["tail_tv_to_first"] == pytest.approx((0.5 - 1 / 7 + 2 / 7 + 4 / 7 - 0.5) / 2)
    assert numbers["tail_effective_bins"] == pytest.approx(2)


def test_the_hard_share_keeps_to_round_ones_hardest_bin() -> None:
    measure = Difficulty({"p": 1.0}, [0.0, 0.1, 0.2, 0.3, 0.4])
    measure.add(group("1", problem_id="p"))
    assert measure.numbers()["tail_hard_share"] == measure.numbers()["tail_hard_ratio"] == 0


def test_without_gold_there_is_no_tail() -> None:
    measure = Difficulty()
    assert measure.add(group(None, kept="11")) is None
    assert measure.numbers() == {}
    assert measure.histogram() is None


def test_hot_samples_may_solve_a_problem_but_do_not_make_its_rate() -> None:
    measure = Difficulty()
    assert measure.add(group("001", kept="001", draws=["", "", "hot"])) == PassRate("p", 2, 0)
    assert measure.numbers()["share_never_solved"] == 0
    assert measure.numbers()["tail_bin_0"] == 1


def test_the_histogram_has_samples_and_kept_ones() -> None:
    histogram = first_round().histogram()
    assert histogram is not None
    assert histogram.series["all samples"] == (0.25, 0.25, 0.25, 0, 0.25)
    assert histogram.series["kept"] == pytest.approx((0, 1 / 7, 2 / 7, 0, 4 / 7))
