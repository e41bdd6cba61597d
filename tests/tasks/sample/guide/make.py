"""Problems with a worked solution, and what is known of them before help is given."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.core.records import Label, Problem, Sample
from tasks.sample.guide.plan import Standing
from tests.build.records import make_problem, make_sample


def worked_problem(
    problem_id: str = "p", gold: str | None = "132", solution: str | None = "7+5=12;4+8+1=13;132"
) -> Problem:
    return make_problem(problem_id, gold, "47+85=", solution=solution)


def judged(problem_id: str, outcomes: Sequence[bool]) -> list[tuple[Sample, Label]]:
    """Samples of a problem with their labels."""
    return [
        (make_sample(problem_id, index), Label.CORRECT if is_right else Label.WRONG)
        for index, is_right in enumerate(outcomes)
    ]


def make_standing(problem_id: str = "p", num_correct: int = 0, num_samples: int = 8) -> Standing:
    return Standing(
        problem_id, num_samples, num_correct, num_correct / num_samples, make_sample(problem_id, num_correct)
    )
