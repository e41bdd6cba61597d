"""Credit of tokens with a value head: generalised advantage estimation (GAE, arXiv 1506.02438), on values that the
learner told before it trains. A unit's return falls on its last token, and credit runs back from there within it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from configs.schema.online.credit import NormaliseBy
from tasks.online.credit.assign import Advantage
from tasks.online.credit.scale import whiten
from tasks.online.rollout import Turn


@dataclass(frozen=True, slots=True)
class TokenCredit:
    """Of the tokens of one text: their worth, what the value head should have said of them, and what it said."""

    turn: Turn
    advantages: tuple[float, ...]
    targets: tuple[float, ...]
    values: tuple[float, ...]


def estimate(rewards: Sequence[float], values: Sequence[float], discount: float, decay: float) -> list[float]:
    """sum over l of (discount decay)^l delta_(t + l), delta_t = r_t + discount V_(t+1) - V_t, V after the end 0.

    Args:
        decay: lambda: 1 is return minus value, 0 one step alone.
    """
    told: list[float] = []
    later, after = 0.0, 0.0
    for reward, value in zip(reversed(rewards), reversed(values), strict=True):
        later = reward + discount * after - value + discount * decay * later
        told.append(later)
        after = value
    return told[::-1]


def credit_tokens(
    advantages: Sequence[Advantage],
    values: Mapping[str, Sequence[float]],
    *,
    discount: float,
    decay: float,
    normalise_by: NormaliseBy,
) -> list[TokenCredit]:
    """Credit of every token of the units that are trained on, in order.

    Args:
        advantages: of `assign` without baseline and scale, so that their values are returns.
        values: of every token of each row, by its id.
        normalise_by: whiten tokens over the wave, or over all texts of one part; targets stay as they are.
    """
    told: list[TokenCredit] = []
    for one in advantages:
        if one.dropped is not None:
            continue
        said = [tuple(values[turn.row][turn.start : turn.end]) for turn in one.unit.turns]
        flat = [value for of_turn in said for value in of_turn]
        rewards = [0.0] * (len(flat) - 1) + [one.value]
        found = estimate(rewards, flat, discount, decay)
        first = 0
        for turn, of_turn in zip(one.unit.turns, said, strict=True):
            own = tuple(found[first : first + len(of_turn)])
            targets = tuple(advantage + value for advantage, value in zip(own, of_turn, strict=True))
            told.append(TokenCredit(turn, own, targets, of_turn))
            first += len(of_turn)
    return _whitened(told, normalise_by)


def _whitened(credits: list[TokenCredit], normalise_by: NormaliseBy) -> list[TokenCredit]:
    if normalise_by == "none":
        return credits
    pools: dict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(credits):
        pools[one.turn.part if normalise_by == "part" else ""].append(place)
    told = list(credits)
    for pool in pools.values():
        even = iter(whiten([value for place in pool for value in credits[place].advantages]))
        for place in pool:
            told[place] = replace(credits[place], advantages=tuple(next(even) for _ in credits[place].advantages))
    return told
