"""All numbers of self-correction of one suite, by the names of docs/metrics.md. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.evaluate.correction.budget import budget_numbers
from tasks.evaluate.correction.course import Course
from tasks.evaluate.correction.flows import coverage_numbers, flow_numbers, verdict_numbers
from tasks.evaluate.subsets import Answers

VERSION = 1
"""raised when the same chains would give another number"""


def correction_numbers(
    courses: Sequence[Course], draws: Sequence[Answers] | None, turns: int, seed: int, *, oracle: bool
) -> dict[str, float]:
    """Numbers with `revise_` before their names; none for a suite without problems.

    Args:
        draws: of each course's problem; None where nothing was drawn to compare with.
        turns: the most attempts that a chain may have.
        seed: of the bootstrap.
        oracle: whether bounds are wanted for somebody who knows which attempt is right.
    """
    if not courses:
        return {}
    found = {**flow_numbers(courses, turns), **verdict_numbers(courses)}
    found |= coverage_numbers(courses, turns) if oracle else {}
    found |= budget_numbers(courses, draws, turns, seed, oracle=oracle) if draws is not None else {}
    return {f"revise_{name}": value for name, value in found.items()}
