"""Judge health: scores, bias, agreement with gold, both orders."""

from __future__ import annotations

import random

import pytest

from configs.schema.judges.by_rule import VoteJudge
from configs.schema.judges.kinds import ImplicitJudge, ImportanceJudge, Judge, RewardModelJudge
from configs.schema.judges.opinions import PairwiseJudge, RubricJudge
from configs.schema.select import Select, Threshold
from tasks.core.step import Summary
from tasks.judge.kind import Scale
from tasks.judge.kinds.registry import scale_of
from tasks.monitor.group import RoundGroup
from tasks.monitor.judge_gold import SelfPreference, self_preference
from tasks.monitor.judge_scores import count_free
from tasks.monitor.measure import JudgeWatch
from tasks.monitor.orders import JudgementColumns, Orders
from tasks.monitor.scale import Cutoff, cutoff_of, scores_of
from tests.tasks.monitor.make import group

RUBRIC = RubricJudge()
IMPORTANCE = ImportanceJudge.model_validate({"trusted": {"kind": "file", "path": "trusted.jsonl"}})


def watched(judge: Judge, *groups: RoundGroup, select: tuple[Select, ...] = ()) -> Summary:
    watch = JudgeWatch(judge, True, select, seed=1)
    for one in groups:
        watch.add(one)
    return watch.numbers()


def test_a_rubrics_classes_are_its_whole_numbers() -> None:
    scale = scale_of(RUBRIC)
    assert scale == Scale(0, 5, 6)
    assert [scale.place(score) for score in (0, 0.49, 0.5, 4.6, 5, 7, -3)] == [0, 0, 1, 5, 5, 5, 0]
    assert scale.names() == ["0", "1", "2", "3", "4", "5"]
    assert scale_of(RubricJudge(low=0, high=100)) == Scale(0, 100, 21)
    assert scale_of(RubricJudge(read="choices")) == Scale(0, 5, 21)
    assert scale_of(RewardModelJudge(map_to=(-1, 1))) == Scale(-1, 1, 21)
    assert scale_of(ImplicitJudge()) is scale_of(IMPORTANCE) is None


def test_wins_are_counted_against_the_others_that_were_compared() -> None:
    verdicts = group(None, kept="0000", scores=[2.0, 0.5, None, None], labels="ssut").verdicts["rubric"]
    assert scores_of(PairwiseJudge(), verdicts) == [1.0, 0.25, None, None]
    verdicts = group(None, kept="0000", scores=[3.0, 1.5, 0.0, 1.5]).verdicts["rubric"]
    assert scores_of(PairwiseJudge(), verdicts) == [1.0, 0.5, 0.0, 0.5]
    assert scores_of(PairwiseJudge(), verdicts[:1]) == [None]


def test_a_judge_that_says_one_thing_is_found_out() -> None:
    same = watched(RUBRIC, group(None, kept="0" * 50, scores=[4.0] * 49 + [1.0]))
    assert same["judge_mode_share"] == 0.98
    assert watched(RUBRIC, group(None, kept="00", scores=[4.0, 4.0]))["judge_score_entropy"] == 0
    spread = watched(RUBRIC, group(None, kept="0" * 6, scores=[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]))
    assert spread["judge_score_entropy"] == pytest.approx(1)
    assert spread["judge_mode_share"] == pytest.approx(1 / 6)
    assert spread["judge_score_mean"] == 2.5


def test_outliers_of_a_judge_without_bounds_are_no_sameness() -> None:
    draw = random.Random(0)
    scores: list[float | None] = [*(draw.gauss(0, 1) for _ in range(197)), -1e6, 1e6, -1e5]
    numbers = watched(ImplicitJudge(), group(None, kept="0" * 200, scores=scores, judge="implicit"))
    assert numbers["judge_mode_share"] == pytest.approx(1 / 200)
    assert numbers["judge_score_entropy"] > 0.9  # type: ignore[operator]
    constant = watched(ImplicitJudge(), group(None, kept="0" * 9, scores=[0.3] * 9, judge="implicit"))
    assert (constant["judge_mode_share"], constant["judge_score_entropy"]) == (1, 0)


def test_ten_bins_between_the_outer_twentieths() -> None:
    names, counts = count_free([float(number) for number in range(101)])
    assert len(names) == 10
    assert counts == [14, 9, 9, 9, 9, 9, 9, 9, 9, 15]
    assert names[0] == "9.5"


def test_truncated_samples_are_not_held_against_the_judge() -> None:
    numbers = watched(RUBRIC, group(None, kept="0000", scores=[3.0, None, None, 2.0], labels="stus"))
    assert numbers["judge_parse_rate"] == pytest.approx(2 / 3)


def test_length_within_the_problem_and_over_all() -> None:
    texts = ["x" * length for length in (120, 90, 200, 260, 240)]
    one = group(None, kept="0" * 5, texts=texts, scores=[1.0, 2.0, 3.0, 4.0, 5.0])
    assert watched(RUBRIC, one)["judge_length_correlation"] == pytest.approx(0.8)
    flat = group(None, kept="00", problem_id="q", texts=["x", "xx"], scores=[5.0, 5.0])
    numbers = watched(RUBRIC, one, flat)
    assert numbers["judge_length_correlation"] == pytest.approx(0.8)
    assert numbers["judge_length_correlation_raw"] != pytest.approx(0.8)


def test_yes_is_the_label_else_the_recipes_threshold_else_the_middle() -> None:
    assert cutoff_of(RUBRIC, True, ()) == Cutoff(above=2.5)
    assert cutoff_of(RUBRIC, True, (Threshold(at_least=4),)) == Cutoff(at_least=4)
    assert cutoff_of(RUBRIC, False, (Threshold(at_least=4),)) == Cutoff(above=2.5)
    assert cutoff_of(RUBRIC, False, (Threshold(judge="rubric", above=3),)) == Cutoff(above=3)
    assert cutoff_of(RUBRIC, True, (Threshold(above="calibrated"),)) == Cutoff(above=2.5)
    assert cutoff_of(ImplicitJudge(), True, ()) == Cutoff(above=0)
    assert cutoff_of(ImplicitJudge(reference="none"), True, ()) == cutoff_of(RewardModelJudge(), True, ()) == Cutoff()


def test_precision_against_gold_of_a_self_judging_recipe() -> None:
    numbers = watched(RUBRIC, group("1100", kept="1010", scores=[5.0, 1.0, 4.0, None]))
    assert (numbers["judge_precision"], numbers["judge_recall"]) == (0.5, 0.5)
    assert numbers["judge_false_positive_rate"] == 0.5
    assert numbers["judge_kappa"] == 0
    assert numbers["judge_pair_accuracy"] == 0.5
    assert "judge_precision_hard" not in numbers


def test_precision_on_hard_problems_stands_apart() -> None:
    hard = group("1000", scores=[5.0, 5.0, 5.0, 0.0])
    numbers = watched(RUBRIC, hard, group("1111", problem_id="q", scores=[5.0] * 4))
    assert numbers["judge_precision"] == pytest.approx(5 / 7)
    assert numbers["judge_precision_hard"] == pytest.approx(1 / 3)


def test_a_judge_without_a_yes_has_an_order_only() -> None:
    numbers = watched(RewardModelJudge(), group("10", scores=[3.0, 1.0], judge="reward_model"))
    assert numbers["judge_pair_accuracy"] == 1
    assert "judge_precision" not in numbers


def test_a_judge_for_whom_low_is_good_is_not_ranked() -> None:
    numbers = watched(IMPORTANCE, group("10", scores=[1.0, 2.0], judge="importance"))
    assert set(numbers) == {"judge_parse_rate", "judge_score_mean", "judge_score_entropy", "judge_mode_share"}


def test_own_texts_against_equally_good_ones_of_others() -> None:
    assert self_preference(0.62, 0.48) == pytest.approx(0.14)
    models = ["m1", "m1", "m2", "m2"]
    numbers = watched(RUBRIC, group("1111", scores=[5.0, 5.0, 5.0, 1.0], models=models))
    assert numbers["judge_self_preference"] == pytest.approx((0.5 + 1 + 0.5 + 1) / 4 - 0.5)
    better = SelfPreference()
    better.add(group("10", scores=[5.0, 1.0], models=["m1", "m2"]), [5.0, 1.0])
    assert better.numbers() == {}
    assert "judge_self_preference" not in watched(RUBRIC, group("11", scores=[5.0, 1.0]))


def said(first: str, second: str | None, score: float | None) -> JudgementColumns:
    return JudgementColumns(first, second, 0, score)


def test_the_same_winner_in_both_orders() -> None:
    orders = Orders()
    agreeing = [said(a, b, score) for n in range(41) for a, b, score in ((f"a{n}", f"b{n}", 1), (f"b{n}", f"a{n}", 0))]
    always_first = [said(a, b, 1) for n in range(9) for a, b in ((f"c{n}", f"d{n}"), (f"d{n}", f"c{n}"))]
    orders.add_all([*agreeing, *always_first])
    numbers = orders.numbers()
    assert numbers["judge_order_agreement"] == pytest.approx(0.82)
    assert numbers["judge_order_agreement_low"] == pytest.approx(0.6920, abs=5e-5)
    assert numbers["judge_order_agreement_high"] == pytest.approx(0.9023, abs=5e-5)
    assert numbers["judge_first_position_rate"] == pytest.approx((41 + 18) / 100)
    assert numbers["judge_parse_rate"] == 1


def test_orders_that_cannot_be_read_count_against_reading_only() -> None:
    orders = Orders()
    orders.add_all([said("a", "b", 1), said("b", "a", None), said("c", None, 4)])
    assert orders.numbers() == {"judge_parse_rate": pytest.approx(2 / 3), "judge_first_position_rate": 1}
    assert Orders().numbers() == {}


def test_majority_answers_by_their_share_of_votes() -> None:
    judge = VoteJudge()
    rows = [("1100", "ccww", 0.5), ("1111", "cccc", 1.0), ("0000", "cccw", 0.75), ("0110", "wwww", 0.25)]
    groups = [
        group(correct, problem_id=f"p{n}", labels=labels, scores=[share] * 4, judge="vote")
        for n, (correct, labels, share) in enumerate(rows)
    ]
    numbers = watched(judge, *groups)
    assert numbers["pseudo_label_precision"] == pytest.approx(2 / 3)
    named = {name: numbers.get(f"pseudo_label_precision_{name}") for name in (25, 50, 75, 100)}
    assert named == {25: None, 50: 1, 75: 0, 100: 1}
    assert numbers["pseudo_label_ece"] == pytest.approx((0.5 + 0 + 0.75) / 3)
    assert numbers["pseudo_label_brier"] == pytest.approx((0.25 + 0 + 0.5625) / 3)
    assert numbers["judge_precision"] == pytest.approx(6 / 9)
