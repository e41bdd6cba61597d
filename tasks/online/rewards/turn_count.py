"""Term `turn_count`: a value by the number of revisions. Paper: the docstring of the settings."""

from __future__ import annotations

import math

from configs.schema.online.rewards import TurnCountTerm
from tasks.online.rewards.term import ByTurn, Seen, last_attempt
from tasks.online.rollout import Group

WANTED = 3
"""revisions that P(n) falls off from"""


def count_value(term: TurnCountTerm, num_revisions: int) -> float:
    """The table's value, or P(n): 0 of none, 1 of up to `free`, then a curve that falls."""
    if term.table:
        return term.table[min(num_revisions, len(term.table) - 1)]
    if num_revisions < 1:
        return 0.0
    if num_revisions <= term.free:
        return 1.0
    more = num_revisions - WANTED
    wave = 1 - term.d * math.sin(math.pi / 2 * more)
    return math.exp(-term.g * more) / (1 + term.a * more**term.b) * wave


def values(term: TurnCountTerm, group: Group, seen: Seen) -> list[ByTurn]:
    return [last_attempt(rollout, count_value(term, len(rollout.attempts) - 1)) for rollout in group.rollouts]
