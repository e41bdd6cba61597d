"""Small problems and samples for the tests of this folder."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.core.records import Label, Message, Problem, Sample
from tasks.sample.guide.plan import Standing


def make_problem(
    problem_id: str = "p", gold: str | None = "132", solution: str | None = "7+5=12;4+8+1=13;132"
) -> Problem:
    return Problem(problem_id, (Message("user", "47+85="),), gold, solution)


def make_sample(problem_id: str = "p", index: int = 0, text: str = "131", draw: str = "") -> Sample:
    return Sample(f"{problem_id}/{index}", problem_id, index, text, "stop", len(text) + 1, -1.0, "m" * 64, draw=draw)


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
