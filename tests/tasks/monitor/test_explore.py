"""Exploration: what could be found. Exploitation: what the judge finds of it."""

from __future__ import annotations

import math

import pytest

from tasks.core.step import Summary
from tasks.monitor.exploit import Exploitation
from tasks.monitor.explore import Exploration, distinct_sizes, diversity, subset_sizes
from tasks.monitor.group import RoundGroup
from tests.tasks.monitor.make import group


def explored(*groups: RoundGroup) -> Summary:
    measure = Exploration()
    for one in groups:
        measure.add(one)
    return measure.numbers()


def exploited(*groups: RoundGroup, yes: list[bool | None] | None = None) -> Summary:
    measure = Exploitation(seed=1)
    for one in groups:
        scores = [verdict.score for verdict in one.verdicts["rubric"]]
        measure.add(one, scores, yes or [score is not None and score >= 0.5 for score in scores])
    return measure.numbers()


def test_k_doubles_up_to_the_draws_of_a_problem() -> None:
    assert [subset_sizes(n) for n in (1, 3, 4, 10, 32)] == [[1], [1], [1, 4], [1, 4, 8], [1, 4, 8, 16, 32]]
    assert distinct_sizes(8) == [(4, 2), (8, 2), (8, 4)]


def test_pass_at_k_of_the_worked_example() -> None:
    numbers = explored(group("1110000000"))
    assert numbers["explore_pass_at_1"] == pytest.approx(0.3)
    assert numbers["explore_pass_at_8"] == 1
    assert numbers["explore_pass_at_8_2"] == pytest.approx(1 - (3 * 1) / 45)
    assert "explore_pass_at_16" not in numbers


def test_the_same_correct_text_twice_is_one() -> None:
    numbers = explored(group("1111", texts=["a", "a ", " a", "b"]))
    assert numbers["explore_distinct_correct"] == 2
    assert numbers["explore_pass_at_4_2"] == 1
    assert explored(group("1111", texts=["a"] * 4))["explore_pass_at_4_2"] == 0


def test_only_independent_draws_count() -> None:
    numbers = explored(group("10111", draws=["", "", "hot", "hinted", "guided"]))
    assert numbers["explore_pass_at_1"] == 0.5


def test_problems_without_gold_say_nothing_of_correctness() -> None:
    assert explored(group(None, kept="11")) == {}
    assert explored() == {}
    assert explored(group("11"), group(None, kept="00"))["explore_pass_at_1"] == 1


def test_diversity_is_distinct_equations_over_equations() -> None:
    assert diversity(["<<a>> then <<b>>", "<<a>> and <<c>>"]) == 0.75
    assert diversity([r"$1 + 1$ and \(1+1\)", r"\[2\]"]) == pytest.approx(2 / 3)
    assert diversity(["no mathematics"]) is diversity([]) is None
    numbers = explored(group("110", texts=["<<a>>", "<<a>>", "<<b>>"]), group("1", texts=["none"]))
    assert numbers["explore_diversity"] == 0.5


def test_entropy_of_the_answers() -> None:
    assert explored(group(None, answers=["7", "7", "8", None], kept="0000")) == pytest.approx(
        {"explore_answer_entropy": -(2 / 3 * math.log(2 / 3) + 1 / 3 * math.log(1 / 3))}
    )


def test_the_best_scored_samples_are_looked_at() -> None:
    numbers = exploited(group("1010", scores=[0.9, 0.8, 0.7, 0.6]), yes=[None] * 4)
    assert numbers["exploit_best_of_4"] == 1
    assert numbers["exploit_reward_at_4_2"] == 0
    assert exploited(group("1010", scores=[0.1, 0.8, 0.7, None]))["exploit_best_of_4"] == 0


def test_samples_without_a_score_rank_last() -> None:
    assert exploited(group("1000", scores=[None, 0.1, 0.1, 0.1]))["exploit_best_of_4"] == 0


def test_the_order_of_equal_scores_does_not_look_at_correctness() -> None:
    groups = [group("1000", problem_id=f"p{number}", scores=[0.5] * 4) for number in range(400)]
    assert exploited(*groups)["exploit_best_of_4"] == pytest.approx(0.25, abs=0.07)


def test_the_gap_of_the_worked_example() -> None:
    numbers = exploited(group("10010100", scores=[0.9, 0.8, 0.3, 0.7, 0.2, 0.6, 0.4, 0.1]))
    assert numbers["gap_generation_verification"] == pytest.approx(0.375)
    assert numbers["gap_relative"] == numbers["gap_relative_by_problem"] == pytest.approx(0.6)


def test_a_judge_without_a_yes_is_measured_by_its_best_sample() -> None:
    numbers = exploited(group("0001", scores=[1.0, 2.0, 3.0, 4.0]), yes=[None] * 4)
    assert numbers["gap_generation_verification"] == pytest.approx(0.75)


def test_problems_with_nothing_let_through_are_not_in_the_gap() -> None:
    numbers = exploited(group("10", scores=[0.9, 0.1]), group("10", problem_id="q", scores=[0.1, 0.1]))
    assert numbers["gap_generation_verification"] == pytest.approx(0.5)
    assert exploited(group("11", scores=[0.9, 0.8]))["gap_generation_verification"] == 0
    assert "gap_relative" not in exploited(group("11", scores=[0.9, 0.8]))


def test_without_gold_or_scores_nothing_is_known() -> None:
    assert exploited(group(None, kept="11", scores=[0.9, 0.1])) == {}
    assert exploited(group("10", scores=[None, None])) == {}
