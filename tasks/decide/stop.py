"""When an experiment ends, and when a run of it does. Called after each round. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum


class Action(StrEnum):
    """What a round did to the incumbent."""

    PROMOTE = "promote"
    """the candidate takes its place"""
    KEEP_INCUMBENT = "keep_incumbent"
    """the candidate changes nothing"""
    ROLL_BACK = "roll_back"
    """a guard spoke: the champion is the incumbent again"""
    STOP = "stop"
    """there was no candidate, and there can be none"""


class StopReason(StrEnum):
    """Why an experiment ends after a round."""

    MAX_ROUNDS = "max_rounds"
    """all the rounds of the recipe are done"""
    PATIENCE = "patience"
    """decide.patience rounds in a row promoted nothing"""
    NO_DATA = "no_data"
    """the round kept too few samples to train on"""
    GUARD = "guard"
    """a limit of `guards` was passed"""
    RUN_DONE = "run_done"
    """this run added its share of rounds; the experiment goes on with the next run"""
    APPROVAL = "approval"
    """a person has to decide on a promotion before the experiment goes on"""


def should_stop(
    history: Sequence[Action | str], round: int, max_rounds: int, patience: int | None
) -> StopReason | None:
    """Why the experiment ends after this round; None if it goes on.

    Args:
        history: actions of rounds 1 to `round`, in order.
        round: the round just done, from 1.
        max_rounds: rounds of the recipe.
        patience: rounds in a row without a promotion that end it; None: never.
    """
    if round >= max_rounds:
        return StopReason.MAX_ROUNDS
    if patience is not None and len(history) >= patience and Action.PROMOTE not in history[-patience:]:
        return StopReason.PATIENCE
    return None


def should_leave(num_added: int, per_run: int | None) -> StopReason | None:
    """Why a run leaves an experiment that could go on; None if it stays.

    Args:
        num_added: rounds that this run finished and that were not finished before.
        per_run: rounds a run adds; None: as many as the experiment takes.
    """
    return StopReason.RUN_DONE if per_run is not None and num_added >= per_run else None
