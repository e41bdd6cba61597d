"""Revising only where a judge doubts the attempt, by a threshold that is tuned on one set of problems. Pure.

SCORE, "Small Language Models Need Strong Verifiers to Self-Correct Reasoning" (arXiv 2404.17140): an attempt is revised
if its doubt, the judge's confidence that it is wrong, is at least the threshold; of those that were tried the one with
the best accuracy is taken, of equals the first. Every problem was revised as far as it goes: where the gate closes, the
attempt before it stands.

Where the code differs from the authors': they look for the threshold with `at least` and report with `above`, so that
problems exactly at it change sides. Here both are `at least`.
"""

from __future__ import annotations

from collections.abc import Sequence

from tasks.evaluate.correction.course import Attempt, Course


def where_it_stops(course: Course, turns: int, threshold: float) -> Attempt:
    """The attempt that stands: the first one that is not doubted enough, or the last."""
    for attempt in course.attempts[: turns - 1]:
        if not _is_open(attempt, threshold):
            return attempt
    return course.at(turns)


def _is_open(attempt: Attempt, threshold: float) -> bool:
    return attempt.doubt is not None and attempt.doubt >= threshold - 1e-9  # 1 - score is no exact number


def gated_accuracy(courses: Sequence[Course], turns: int, threshold: float) -> float:
    """Share of problems that end right, of at least one problem."""
    return sum(where_it_stops(one, turns, threshold).is_right for one in courses) / len(courses)


def best_threshold(courses: Sequence[Course], turns: int, grid: Sequence[float]) -> float:
    """The threshold of the grid with the highest accuracy, of equals the first."""
    return max(grid, key=lambda threshold: gated_accuracy(courses, turns, threshold))


def gate_numbers(courses: Sequence[Course], turns: int, threshold: float) -> dict[str, float]:
    """revise_gate_threshold; revise_gate_accuracy; revise_gate_open_share: problems whose first attempt is revised;
    revise_gate_wrong_to_right and revise_gate_right_to_wrong: shares of all problems, first against last."""
    ends = [where_it_stops(one, turns, threshold) for one in courses]
    firsts = [one.at(1) for one in courses]
    moves = [(first.is_right, last.is_right) for first, last in zip(firsts, ends, strict=True)]
    opened = [_is_open(first, threshold) for first in firsts]
    shares = {
        "accuracy": sum(last for _, last in moves),
        "open_share": sum(opened),
        "wrong_to_right": moves.count((False, True)),
        "right_to_wrong": moves.count((True, False)),
    }
    found = {f"revise_gate_{name}": number / len(courses) for name, number in shares.items()}
    return {"revise_gate_threshold": threshold, **found}
