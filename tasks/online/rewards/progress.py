"""Term `progress`: how an attempt differs from those before it. Papers: the docstring of the settings."""

from __future__ import annotations

import math
from collections.abc import Sequence

from configs.schema.online.rewards import ProgressTerm
from tasks.online.rewards.term import ByTurn, Seen, last_attempt
from tasks.online.rollout import Group

SAME = 1e-4
"""values that differ by no more are the same (ReflexiCoder)"""


def step_values(term: ProgressTerm, found: Sequence[float | None]) -> list[float | None]:
    """alpha (R_t - R_u) of the second attempt and all after it.

    Args:
        found: R of the attempts, in order.
    """
    told: list[float | None] = []
    for place in range(1, len(found)):
        earlier = {"previous": found[place - 1 : place], "first": found[:1], "best": found[:place]}[term.since]
        known = [value for value in earlier if value is not None]
        own = found[place]
        complete = own is not None and len(known) == len(earlier)
        told.append(term.alpha * (own - max(known)) if complete and own is not None else None)
    return told


def discounted(discount: float, found: Sequence[float]) -> float:
    """sum_t discount^(T - t) (R_t - R_(t-1)), R_0 = 0."""
    before = (0.0, *found[:-1])
    last = len(found) - 1
    return sum(
        discount ** (last - place) * (own - earlier)
        for place, (own, earlier) in enumerate(zip(found, before, strict=True))
    )


def quality(term: ProgressTerm, found: Sequence[float]) -> float:
    """R_T + eta sum_t w_t m_t over the revisions, w_t = e^(growth t) / sum."""
    weights = [math.exp(term.growth * place) for place in range(1, len(found))]
    moved = [_movement(term, found[place] - found[place - 1], found[place]) for place in range(1, len(found))]
    total = sum(weights)
    gain = sum(weight * move for weight, move in zip(weights, moved, strict=True)) / total if total else 0.0
    return found[-1] + term.eta * gain


def _movement(term: ProgressTerm, difference: float, value: float) -> float:
    if abs(difference) <= SAME:
        return term.bonus if value >= term.best else -term.malus
    return math.tanh(difference / term.spread)


def efficiency(found: Sequence[float]) -> float:
    """R_T / n + (R_T - R_1) / (max(1, n - 1) + 1e-6), n revisions; of none it is 0."""
    num_revisions = len(found) - 1
    if num_revisions < 1:
        return 0.0
    return found[-1] / num_revisions + (found[-1] - found[0]) / (max(1, num_revisions - 1) + 1e-6)


def values(term: ProgressTerm, group: Group, seen: Seen) -> list[ByTurn]:
    read = seen.values[seen.term(term.of)]
    told: list[ByTurn] = []
    for rollout, by_turn in zip(group.rollouts, read, strict=True):
        found = [by_turn.get(place) for place in rollout.attempts]
        if term.rule == "step":
            told.append(dict(zip(rollout.attempts[1:], step_values(term, found), strict=True)))
            continue
        known = [value for value in found if value is not None]
        value = _of_whole(term, known) if known and len(known) == len(found) else None
        told.append(last_attempt(rollout, value))
    return told


def _of_whole(term: ProgressTerm, found: Sequence[float]) -> float:
    if term.rule == "discounted":
        return discounted(term.discount, found)
    return quality(term, found) if term.rule == "quality" else efficiency(found)
