"""When an experiment ends, and why."""

from __future__ import annotations

import pytest

from tasks.decide.stop import Action, StopReason, should_stop

UP, SAME, STOP = Action.PROMOTE, Action.KEEP_INCUMBENT, Action.STOP


@pytest.mark.parametrize(
    ("history", "max_rounds", "patience", "reason"),
    [
        ([UP], 3, None, None),
        ([UP, UP, UP], 3, None, StopReason.MAX_ROUNDS),
        ([SAME, SAME, SAME, SAME], 9, None, None),
        ([SAME], 9, 2, None),
        ([SAME, SAME], 9, 2, StopReason.PATIENCE),
        ([UP, SAME, SAME], 9, 2, StopReason.PATIENCE),
        ([SAME, UP, SAME], 9, 2, None),
        ([UP, SAME], 9, 1, StopReason.PATIENCE),
        ([UP, STOP], 9, None, StopReason.NO_DATA),
        ([UP, STOP], 2, 1, StopReason.NO_DATA),
        ([SAME, SAME], 2, 2, StopReason.MAX_ROUNDS),
        (["keep_incumbent", "keep_incumbent"], 9, 2, StopReason.PATIENCE),
    ],
)
def test_why_an_experiment_ends(
    history: list[Action], max_rounds: int, patience: int | None, reason: StopReason | None
) -> None:
    assert should_stop(history, len(history), max_rounds, patience) is reason
