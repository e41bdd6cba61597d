"""Term `length`: rules over the length of an attempt. Papers: the docstring of the settings."""

from __future__ import annotations

from collections.abc import Sequence

from configs.schema.online.rewards import LengthTerm
from tasks.online.rewards.term import ByTurn, Seen
from tasks.online.rollout import Group, Turn

CHARACTERS_PER_TOKEN = 4
"""RLSP's own measure of a token"""


def overlong(limit: float, cache: float, num_tokens: int) -> float:
    """0 up to limit - cache, then down in a line to -1 at the limit."""
    return min(0.0, max(-1.0, (limit - cache - num_tokens) / cache))


def relative(rewards: Sequence[float], lengths: Sequence[int]) -> list[float]:
    """-mean(R) L / max(L) of each text of a group."""
    mean, most = sum(rewards) / len(rewards), max(max(lengths), 1)
    return [-mean * length / most for length in lengths]


def inverse(constant: float, least: float, num_characters: int) -> float:
    """-constant / (characters / 4), not below `least`; of no text it is `least`."""
    return max(least, -constant * CHARACTERS_PER_TOKEN / num_characters) if num_characters else least


def values(term: LengthTerm, group: Group, seen: Seen) -> list[ByTurn]:
    if term.rule == "relative":
        return _relative(group, seen)
    return [
        {place: _alone(term, rollout.turns[place]) for place in rollout.attempts} for rollout in group.rollouts
    ]  # fmt: skip


def _alone(term: LengthTerm, turn: Turn) -> float:
    if term.rule == "overlong":
        return overlong(term.limit, term.cache, turn.num_tokens)
    if term.rule == "truncated":
        return term.factor if turn.is_truncated else 1.0
    if term.rule == "minimum":
        return -1.0 if len(turn.text) < term.limit else 0.0
    before = turn.text.rpartition(term.until)[0] if term.until and term.until in turn.text else turn.text
    return inverse(term.limit, term.least, len(before))


def _relative(group: Group, seen: Seen) -> list[ByTurn]:
    """Attempts are compared with those of the same number in the group."""
    read = seen.values[seen.term(None)]
    told: list[dict[int, float | None]] = [{} for _ in group.rollouts]
    for number in range(max((len(rollout.attempts) for rollout in group.rollouts), default=0)):
        having = [place for place, rollout in enumerate(group.rollouts) if len(rollout.attempts) > number]
        places = {index: group.rollouts[index].attempts[number] for index in having}
        known = {index: value for index in having if (value := read[index].get(places[index])) is not None}
        lengths = [group.rollouts[index].turns[places[index]].num_tokens for index in known]
        found = dict(zip(known, relative(list(known.values()), lengths), strict=True)) if known else {}
        for index in having:
            told[index][places[index]] = found.get(index)
    return list(told)
