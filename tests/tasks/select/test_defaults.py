"""Schedules, default judges and the calibrated threshold become plain values."""

from __future__ import annotations

import pytest

from configs.errors import RecipeError
from configs.schema.pair import BestVsWorst, GoldVsSample, MostVsLeastVoted, RightVsWrong, ShortestBestLongestWorst
from configs.schema.select import Correct, Threshold
from tasks.select.defaults import fill_in_threshold, in_round, versions_of, with_judge


def test_schedules_begin_with_round_1_and_their_last_value_goes_on() -> None:
    config = ShortestBestLongestWorst(rho=(0.0, 0.1, 0.4))
    values = [getattr(in_round(config, round), "rho") for round in (0, 1, 2, 3, 9)]  # noqa: B009
    assert values == [(0.0,), (0.0,), (0.1,), (0.4,), (0.4,)]
    voted = in_round(MostVsLeastVoted(min_share=(0.5, 0.7)), 2)
    assert isinstance(voted, MostVsLeastVoted) and voted.min_share == (0.7,)
    assert in_round(BestVsWorst(), 3) == BestVsWorst()


def test_right_and_wrong_are_the_first_judges_and_scores_the_last_ones() -> None:
    names = ["answer", "style", "rubric"]
    assert with_judge(RightVsWrong(), names) == RightVsWrong(judge="answer")
    assert with_judge(BestVsWorst(), names) == BestVsWorst(judge="rubric")
    assert with_judge(ShortestBestLongestWorst(), names) == ShortestBestLongestWorst(judge="rubric")
    for config in (BestVsWorst(judge="style"), MostVsLeastVoted(), GoldVsSample()):
        assert with_judge(config, names) == config


def test_the_calibrated_threshold_becomes_a_number() -> None:
    components = (Correct(), Threshold(above="calibrated"), Threshold(at_least=0.5))
    assert fill_in_threshold(components, -0.3) == (Correct(), Threshold(above=-0.3), Threshold(at_least=0.5))
    assert fill_in_threshold((Threshold(above=0.2),), None) == (Threshold(above=0.2),)
    with pytest.raises(RecipeError, match="calibrated needs the threshold"):
        fill_in_threshold(components, None)


def test_versions_name_filters_and_kinds_of_pairs() -> None:
    assert versions_of((Correct(),), RightVsWrong()) == {"correct": 1, "pair.right_vs_wrong": 1}
    assert versions_of((Correct(),), None) == {"correct": 1}
