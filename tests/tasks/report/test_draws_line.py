"""The line of what stopping early saved."""

from __future__ import annotations

from tasks.report.draws_line import draws_line
from tasks.report.table import lines_below
from tests.tasks.report.example import baseline, trained


def test_rounds_that_stopped_problems_are_added_up() -> None:
    saved = {"num_draws": 150, "num_draws_saved": 50, "num_stopped": 20, "num_given_up": 0}
    rounds = [
        baseline(),
        *(trained(number, 0.5, "promote").model_copy(update={"metrics": saved}) for number in (1, 2)),
    ]
    line = "draws: 300 made and 100 saved (25.0 %) in 2 rounds: 40 problems stopped with enough accepted"
    assert draws_line(rounds) == line and line in lines_below(rounds)
    given_up = rounds[1].model_copy(update={"metrics": {**saved, "num_given_up": 3}})
    assert draws_line([given_up]) == (
        "draws: 150 made and 50 saved (25.0 %) in 1 round: 20 problems stopped with enough accepted, 3 were given up"
    )


def test_rounds_that_draw_to_the_end_have_no_line() -> None:
    assert draws_line([baseline(), trained(1, 0.5, "promote")]) is None
