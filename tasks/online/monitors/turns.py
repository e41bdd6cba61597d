"""What becomes of attempts and verdicts inside episodes: numbers of a wave whose episodes revise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tasks.core.records import Part
from tasks.core.records.sample import SAID_RIGHT, SAID_WRONG
from tasks.online.monitors.wave import Numbers, share
from tasks.online.rollout import Rollout, attempt_before


def turn_numbers(rollouts: Sequence[Rollout]) -> Numbers:
    """acc_t1, acc_final: right first and last attempts, over all episodes. edit_share: episodes with a second attempt.
    wrong_to_right, right_to_wrong: share of the episodes that were revised, by first and last attempt."""
    chains = [[rollout.turns[place].is_right for place in rollout.attempts] for rollout in rollouts]
    chains = [chain for chain in chains if chain]
    revised = [(chain[0], chain[-1]) for chain in chains if len(chain) > 1]
    return {
        "acc_t1": share(chain[0] is True for chain in chains),
        "acc_final": share(chain[-1] is True for chain in chains),
        "edit_share": share(len(chain) > 1 for chain in chains),
        "wrong_to_right": share(first is False and last is True for first, last in revised),
        "right_to_wrong": share(first is True and last is False for first, last in revised),
    }


def recall_numbers(rollouts: Sequence[Rollout]) -> Numbers:
    """verifier_recall_right and verifier_recall_wrong: of verdicts on right, and on wrong attempts, the true ones. One
    that cannot be read recalls nothing."""
    pairs = [
        (attempt.is_right, turn.said)
        for rollout in rollouts
        for place, turn in enumerate(rollout.turns)
        if turn.part == Part.VERDICT and (attempt := attempt_before(rollout.turns, place)) is not None
    ]

    def recall(truth: bool, word: str) -> Iterable[bool]:
        return (said == word for is_right, said in pairs if is_right is truth)

    return {
        "verifier_recall_right": share(recall(True, SAID_RIGHT)),
        "verifier_recall_wrong": share(recall(False, SAID_WRONG)),
    }
