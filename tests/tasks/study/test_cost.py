"""What is left of a study, in hours worked by hand."""

from __future__ import annotations

from typing import Any

import pytest

from configs.schema.load import check_recipe
from configs.schema.study import Budget, Study
from configs.schema.study_runs import StudyRun
from tasks.study.cost import Speeds, longest_seconds, plan_lines
from tests.flows.micro import micro_recipe

STUDY = Study.model_validate({
    "name": "s", "methods": {"a": {"recipe": "demo"}, "b": {"recipe": "demo"}}, "baseline": "a",
    "budget": {"flops_per_parameter": 7200}, "tasks": {"x": {}, "y": {}},
})  # fmt: skip


def run(method: str, task: str, seed: int = 0) -> StudyRun:
    return StudyRun(task, method, seed, check_recipe(micro_recipe(name=f"{task}-{method}-{seed}")), 3)


RUNS = [run("a", "x"), run("a", "x", 1), run("a", "y"), run("b", "x")]


def test_runs_are_as_long_as_those_most_like_them() -> None:
    """Done: a on x 1,800 s, a on y 5,400 s. Left: a on x with another seed 1,800, b the mean of all 3,600: 1.5 h."""
    done = {RUNS[0].name: 1800.0, RUNS[2].name: 5400.0}
    first, second = plan_lines(STUDY, RUNS, done, Speeds(), 1)
    assert first == "s: 4 runs, 2 of them done; each stops at 7,200 FLOPs a parameter"
    assert second.startswith("left: 2, about 1.5 h, 1 at a time")
    assert "about 0.8 h, 2 at a time" in list(plan_lines(STUDY, RUNS, done, Speeds(), 2))[1]


def test_nothing_is_known_of_a_study_that_has_not_begun() -> None:
    assert len(list(plan_lines(STUDY, RUNS, {}, Speeds(), 1))) == 1


def test_speeds_say_how_long_it_is_at_most() -> None:
    """4 runs of 3,600 s: 7,200 / 2 at a token a second; training takes 7,200 / 6 / 2 = 600 s."""
    assert list(plan_lines(STUDY, RUNS, {}, Speeds(draw=1, train=2), 1))[1].startswith("left: 4, at most 4.0 h")


def test_a_task_may_have_a_budget_of_its_own() -> None:
    """3 runs of 3,600 s and one on y of twice as long."""
    study = STUDY.model_copy(update={"task_budgets": {"y": Budget(flops_per_parameter=14_400)}})
    first, second = plan_lines(study, RUNS, {}, Speeds(draw=1, train=2), 1)
    assert first.endswith("each stops at 7,200 FLOPs a parameter, of y at 14,400 FLOPs a parameter")
    assert second.startswith("left: 4, at most 5.0 h")


@pytest.mark.parametrize(
    ("budget", "speeds", "seconds"),
    [
        ({"generated_tokens": 100}, Speeds(draw=5), 20), ({"generated_tokens": 100}, Speeds(train=5), None),
        ({"training_tokens": 100}, Speeds(train=4), 25), ({"training_tokens": 100}, Speeds(draw=4), None),
        ({"flops_per_parameter": 120}, Speeds(60, 1), 20), ({"flops_per_parameter": 120}, Speeds(1, 60), 60),
        ({"flops_per_parameter": 120}, Speeds(1), None),
    ],
)  # fmt: skip
def test_the_dearer_way_to_spend_a_budget(budget: dict[str, Any], speeds: Speeds, seconds: float | None) -> None:
    assert longest_seconds(Budget.model_validate(budget), speeds) == seconds
