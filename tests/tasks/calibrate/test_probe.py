"""The probe is the same in every round, and who judges it."""

from __future__ import annotations

from typing import Any

import pytest

from configs.errors import ProblemsError, RecipeError
from configs.schema.drawing import Ladder
from configs.schema.recipe import Recipe
from tasks.calibrate.probe import draw_probe, probe_judges, wanted_of_each
from tests.build.records import make_problem, make_recipe

PROBLEMS = [make_problem(f"p{number}", tags=(f"digits={1 + (number > 9)}",)) for number in range(40)]


def calibrated(judges: list[dict[str, Any]], **calibrate: Any) -> Recipe:
    evaluate = {"verifier": {"kind": "number"}}
    return make_recipe(calibrate=calibrate, judge=judges, evaluate=evaluate)


def test_the_probe_depends_on_the_seed_alone_and_keeps_the_order() -> None:
    probe = draw_probe(PROBLEMS, 10, seed=3)
    assert probe == draw_probe(PROBLEMS, 10, seed=3)
    assert probe != draw_probe(PROBLEMS, 10, seed=4)
    assert probe == [problem for problem in PROBLEMS if problem in probe]
    assert len(probe) == 10


def test_a_probe_larger_than_the_train_set_is_refused_with_both_numbers() -> None:
    with pytest.raises(ProblemsError, match="asks for 41 train problems, and there are 40") as caught:
        draw_probe(PROBLEMS, 41, seed=0)
    assert "probe_problems: 40" in str(caught.value.fix)


def test_the_last_judge_rewards_and_only_needed_judges_are_asked() -> None:
    judges: list[dict[str, Any]] = [
        {"kind": "vote", "name": "other"}, {"kind": "answer"}, {"kind": "vote"},
        {"kind": "combine", "of": ["answer", "vote"]},
    ]  # fmt: skip
    found = probe_judges(calibrated(judges))
    assert (found.answer.name, found.reward.name) == ("answer", "combine")
    assert [judge.name for judge in found.needed] == ["answer", "vote", "combine"]
    named = probe_judges(calibrated(judges, judge="other"))
    assert [judge.name for judge in named.needed] == ["other", "answer"]


def test_what_is_wanted_of_a_problem_is_counted_over_those_that_a_round_samples() -> None:
    """The paper: 67,500 of 11,500 problems are 6 of each. Of 40, a round that samples 10 wants four times as many."""

    def wanted(target: int, round: int = 1, **generate: object) -> int:
        recipe = calibrated([{"kind": "answer"}], target=target)
        changed = recipe.generate.model_copy(update=generate)
        return wanted_of_each(recipe.model_copy(update={"generate": changed}), PROBLEMS, round)

    assert [wanted(45), wanted(40), wanted(41)] == [2, 1, 2]
    assert [wanted(45, num_problems=number) for number in (10, 40, 41)] == [5, 2, 2]
    assert [wanted(45, num_problems=10, order="next", round=number) for number in (1, 4, 5)] == [5, 5, 5]
    assert wanted(45, ladder=Ladder(tag="digits", start=1)) == 5
    assert wanted(45, ladder=Ladder(tag="digits", start=1), round=2) == 2


def test_without_an_answer_judge_nothing_is_known_to_be_correct() -> None:
    with pytest.raises(RecipeError, match="counts correct samples"):
        calibrated([{"kind": "vote"}])
