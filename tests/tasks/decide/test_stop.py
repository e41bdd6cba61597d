"""When an experiment ends, and why."""

from __future__ import annotations

import pytest

from tasks.decide.stop import Action, StopReason, should_leave, should_stop

UP, SAME = Action.PROMOTE, Action.KEEP_INCUMBENT


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
        ([SAME, SAME], 2, 2, StopReason.MAX_ROUNDS),
        (["keep_incumbent", "keep_incumbent"], 9, 2, StopReason.PATIENCE),
    ],
)
def test_why_an_experiment_ends(
    history: list[Action], max_rounds: int, patience: int | None, reason: StopReason | None
) -> None:
    assert should_stop(history, len(history), max_rounds, patience) is reason


@pytest.mark.parametrize(
    ("num_added", "per_run", "reason"),
    [
        (0, None, None),
        (9, None, None),
        (0, 1, None),
        (1, 2, None),
        (1, 1, StopReason.RUN_DONE),
        (3, 2, StopReason.RUN_DONE),
    ],
)
def test_a_run_leaves_when_its_share_of_rounds_is_done(
    num_added: int, per_run: int | None, reason: StopReason | None
) -> None:
    assert should_leave(num_added, per_run) is reason
