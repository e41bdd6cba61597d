"""Term `format`: whether an attempt's text has a form."""

from __future__ import annotations

import re

from configs.schema.online.rewards import FormatTerm
from tasks.online.rewards.term import ByTurn, Seen
from tasks.online.rollout import Group


def values(term: FormatTerm, group: Group, seen: Seen) -> list[ByTurn]:
    pattern = re.compile(term.pattern)
    return [
        {place: term.match if pattern.search(rollout.turns[place].text) else term.other for place in rollout.attempts}
        for rollout in group.rollouts
    ]
