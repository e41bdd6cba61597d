"""Accuracy by turn, moves and verdicts, against numbers worked out by hand."""

from __future__ import annotations

import pytest

from tasks.evaluate.correction.course import Attempt, Course
from tasks.evaluate.correction.flows import coverage_numbers, flow_numbers, moves, verdict_numbers
from tests.tasks.evaluate.correction.ten_problems import COURSES, TURNS

FLOWS = flow_numbers(COURSES, TURNS)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("accuracy_t1", 0.4), ("accuracy_t2", 0.6), ("accuracy_t3", 0.6), ("accuracy_final", 0.6), ("delta", 0.2),
        ("wrong_to_right", 0.3), ("right_to_wrong", 0.1), ("wrong_to_right_rate", 0.5), ("right_to_wrong_rate", 0.25),
        ("p_value", 0.625), ("wrong_to_right_t2_t3", 0.1), ("right_to_wrong_t2_t3", 0.1),
        ("wrong_to_right_rate_t2_t3", 0.25), ("right_to_wrong_rate_t2_t3", 1 / 6),
        ("mean_attempts", 2.0), ("tokens", 234), ("calls", 3.7), ("edit_share", 0.4), ("same_text_share", 0.4),
    ],
)  # fmt: skip
def test_flows(name: str, expected: float) -> None:
    assert FLOWS[name] == pytest.approx(expected)


def test_moves_are_counted_over_all_problems() -> None:
    """gained, lost, both, neither"""
    assert tuple(moves(COURSES, 1, 3)) == (3, 1, 3, 3)
    assert tuple(moves(COURSES, 2, 3)) == (1, 1, 5, 3)


def test_coverage_never_falls_and_is_no_accuracy() -> None:
    assert coverage_numbers(COURSES, TURNS) == pytest.approx(
        {"coverage_t1": 0.4, "coverage_t2": 0.7, "coverage_t3": 0.8}
    )


def test_verdicts_are_told_apart_by_what_they_are_about() -> None:
    """8 on right attempts, 5 of them "right"; 9 on wrong ones, 7 "wrong"; of 3 misled ones one stays right."""
    expected = {"verdict_recall_right": 5 / 8, "verdict_recall_wrong": 7 / 9, "misled_right_to_wrong": 2 / 3}
    assert verdict_numbers(COURSES) == pytest.approx({"unread_share": 0.0, **expected})


def test_a_verdict_that_cannot_be_read_is_on_neither_side() -> None:
    unread = Course("p", (Attempt(True, "4", has_verdict=True), Attempt(False, "5")))
    assert verdict_numbers([unread]) == {"unread_share": 1.0, "verdict_recall_right": 0.0}


def test_what_has_no_denominator_is_left_out() -> None:
    """One right attempt, no verdict, no revision."""
    found = flow_numbers([Course("p", (Attempt(True, "4"),))], 2)
    assert found["right_to_wrong_rate"] == 0 and found["p_value"] == 1
    assert not {"wrong_to_right_rate", "same_text_share", "wrong_to_right_t1_t2"} & found.keys()
    assert verdict_numbers([Course("p", (Attempt(True, "4"),))]) == {}
