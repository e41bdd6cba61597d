"""The gate of SCORE: its worked numbers, and that what is tuned on one set holds for the other."""

from __future__ import annotations

from typing import Any

import pytest

from configs.errors import RecipeError
from configs.schema.judges.opinions import RubricJudge
from configs.schema.revision.evaluate import TunedGate
from tasks.evaluate.correction.course import Attempt, Course
from tasks.evaluate.correction.gate import best_threshold, gate_numbers, gated_accuracy, where_it_stops
from tests.build.records import make_recipe

GRID = TunedGate(judge=RubricJudge()).grid
DEV = [
    ("w", 0.95, 0, 1), ("w", 0.71, 0, 1), ("w", 0.70, 1, 0), ("w", 0.60, 0, 0), ("r", 0.90, 1, 1), ("r", 0.70, 0, 1),
    ("w", 0.55, 1, 1), ("r", 0.99, 1, 0),
]  # fmt: skip
"""what the verifier says, how sure it is, and whether the first and the refined answer are right"""


def course(*attempts: tuple[bool, float | None]) -> Course:
    return Course("p", tuple(Attempt(is_right, answer=is_right, doubt=doubt) for is_right, doubt in attempts))


COURSES = [
    course((bool(first), sure if says == "w" else 1 - sure), (bool(refined), None))
    for says, sure, first, refined in DEV
]


def test_the_grid_is_that_of_the_paper() -> None:
    assert (GRID[0], GRID[1], GRID[21], GRID[-1], len(GRID)) == (0.5, 0.51, 0.71, 1.0, 51)


def test_the_worked_example() -> None:
    """First .5, always refined .625, oracle .875; at .50 .625, best .71 with .75; above .71, without it, .625."""
    assert gated_accuracy(COURSES, 2, 1.01) == 0.5 == gated_accuracy(COURSES, 1, 0.0)
    assert gated_accuracy(COURSES, 2, 0.0) == 0.625
    assert sum(one.was_right_by(2) for one in COURSES) / 8 == 0.875
    assert gated_accuracy(COURSES, 2, 0.5) == 0.625
    assert best_threshold(COURSES, 2, GRID) == 0.71 and gated_accuracy(COURSES, 2, 0.71) == 0.75
    assert gated_accuracy(COURSES, 2, 0.7100001) == 0.625, "who is exactly as sure changes sides"
    assert gate_numbers(COURSES, 2, 0.71) == {
        "revise_gate_threshold": 0.71, "revise_gate_accuracy": 0.75, "revise_gate_open_share": 0.25,
        "revise_gate_wrong_to_right": 0.25, "revise_gate_right_to_wrong": 0.0,
    }  # fmt: skip


def test_a_doubt_is_as_exact_as_one_less_a_score_can_be() -> None:
    """1 - .29 and 1 - .45 are a little more, or less, than .71 and .55."""
    for threshold in GRID:
        sure = course((False, 1 - round(1 - threshold, 2)), (True, None))
        assert where_it_stops(sure, 2, threshold).is_right, threshold


def test_of_equals_the_first_is_taken() -> None:
    same = [course((False, 0.9), (True, None))]
    assert best_threshold(same, 2, (0.5, 0.7, 0.9)) == 0.5
    assert best_threshold(same, 2, (0.95, 0.9, 0.5)) == 0.9


def test_an_attempt_without_a_doubt_stands_and_each_turn_is_gated() -> None:
    three = course((False, 0.9), (True, 0.8), (False, 0.9))
    assert [where_it_stops(three, 3, threshold).is_right for threshold in (0.7, 0.85, 0.95)] == [False, True, False]
    assert where_it_stops(three, 2, 0.0).is_right, "no further than the turns that count"
    assert not where_it_stops(course((False, None), (True, None)), 2, 0.0).is_right
    assert where_it_stops(course((True, 1.0)), 2, 0.5).is_right, "a chain that ended stays at its last attempt"


REVISE: dict[str, Any] = {"steps": [{"part": "attempt"}]}


@pytest.mark.parametrize(
    ("judge", "message"),
    [
        ({"kind": "answer"}, "compares with gold, which nobody can at test time"),
        ({"kind": "pairwise"}, "needs other samples or other judges"),
        ({"kind": "vote"}, "needs other samples or other judges"),
        ({"kind": "rubric", "name": "answer"}, "revise.gate.judge.name: 'answer' is the name of another judge"),
        ({"kind": "rubric", "name": "evaluation"}, "'evaluation' is the name of another judge"),
        ({"kind": "rubric", "role": "nobody"}, "judge 'rubric': no role is called 'nobody'"),
    ],
)
def test_judges_that_cannot_gate_are_refused(judge: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError) as raised:
        make_recipe(evaluate={"revise": {**REVISE, "gate": {"judge": judge}}})
    assert message in str(raised.value)
