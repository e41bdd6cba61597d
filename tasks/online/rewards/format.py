"""Term `format`: whether an attempt's text, or a whole episode's, has a form."""

from __future__ import annotations

import re

from configs.schema.online.rewards import FormatTerm
from tasks.online.rewards.term import ByTurn, Seen, last_attempt
from tasks.online.rollout import Group


def values(term: FormatTerm, group: Group, seen: Seen) -> list[ByTurn]:
    pattern = re.compile(term.pattern)
    if term.where == "episode":
        whole = ("".join(turn.text for turn in rollout.turns) for rollout in group.rollouts)
        told = [term.match if pattern.search(text) else term.other for text in whole]
        return [last_attempt(rollout, value) for rollout, value in zip(group.rollouts, told, strict=True)]
    return [
        {place: term.match if pattern.search(rollout.turns[place].text) else term.other for place in rollout.attempts}
        for rollout in group.rollouts
    ]
