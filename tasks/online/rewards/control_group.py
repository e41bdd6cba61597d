"""Term `control_group`: whether an attempt does better than the mean of samples that were asked otherwise (PASR)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from configs.schema.online.rewards import ControlGroupTerm
from tasks.online.credit.numbers import known
from tasks.online.rewards.term import ByTurn, Seen, last_attempt
from tasks.online.rollout import Group, Rollout


def control_value(term: ControlGroupTerm, own: float | None, mean: float | None) -> float | None:
    """The value of one text; None where it, or all of the control group, has no value."""
    if own is None or mean is None:
        return None
    if abs(own - mean) <= term.tolerance:
        return term.equal
    return term.above if own > mean else term.below


def control_mean(controls: Sequence[Rollout], found: Sequence[ByTurn]) -> float | None:
    """Mean over the last attempts of the control group that have a value."""
    pairs = zip(controls, found, strict=True)
    values = known([by_turn.get(rollout.attempts[-1]) for rollout, by_turn in pairs if rollout.attempts])
    return sum(values) / len(values) if values else None


def values(term: ControlGroupTerm, group: Group, seen: Seen) -> list[ByTurn]:
    name = seen.term(term.of)
    mean = control_mean(group.control, seen.control.get(name, ()))
    told: list[ByTurn] = []
    for rollout, by_turn in zip(group.rollouts, seen.values[name], strict=True):
        text = rollout.turns[rollout.attempts[-1]].text if rollout.attempts else ""
        if term.pattern is not None and re.search(term.pattern, text) is None:
            told.append(last_attempt(rollout, 0.0))
        else:
            own = by_turn.get(rollout.attempts[-1]) if rollout.attempts else None
            told.append(last_attempt(rollout, control_value(term, own, mean)))
    return told
