"""Term `kl`: minus the divergence to the reference, times a coefficient, of every trained text."""

from __future__ import annotations

from configs.schema.online.rewards import KlTerm
from tasks.online.rewards.term import ByTurn, Seen
from tasks.online.rollout import Group


def values(term: KlTerm, group: Group, seen: Seen) -> list[ByTurn]:
    return [
        {
            place: -term.coefficient * turn.kl[term.estimate] if turn.kl else None
            for place, turn in enumerate(rollout.turns)
            if turn.is_trained
        }
        for rollout in group.rollouts
    ]
