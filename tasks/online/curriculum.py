"""Which problems a wave draws, by how often they were solved."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from configs.schema.online.waves import Pools, Window


@dataclass(frozen=True, slots=True)
class PassRate:
    """What is remembered of a problem; carried between segments.

    Attributes:
        average: decay * old + (1 - decay) * new over its groups; the first group's own rate at first.
        latest: of its latest group.
        count: groups seen.
    """

    average: float
    latest: float
    count: int = 1


PassRates = Mapping[str, PassRate]


def remember(rates: PassRates, decay: float, problem_id: str, rate: float) -> dict[str, PassRate]:
    """With one more group of a problem."""
    old = rates.get(problem_id)
    new = (
        PassRate(rate, rate) if old is None else PassRate(decay * old.average + (1 - decay) * rate, rate, old.count + 1)
    )
    return {**rates, problem_id: new}


def in_window(window: Window, rate: PassRate | None) -> bool:
    """Whether a problem is neither too hard nor too easy; one that was not seen is worth a try."""
    return rate is None or window.low <= rate.average <= window.high


def pool_weight(pools: Pools, rate: PassRate | None) -> float:
    """Weight of a problem by the pool of its latest group; 1 of one that was not seen."""
    if rate is None:
        return 1.0
    if rate.latest >= pools.easy_from:
        return pools.easy
    return pools.hard if rate.latest < pools.hard_below else pools.middle


def draw_weighted(weights: Sequence[float], num: int, seed: int) -> list[int]:
    """Places drawn without putting back, each with a chance in proportion to its weight; never one of weight 0.

    Each place gets u^(1 / weight) with u uniform, and the largest win (Efraimidis and Spirakis, 2006).
    """
    chance = random.Random(seed)
    keys = [(chance.random() ** (1 / weight) if weight > 0 else -1.0, place) for place, weight in enumerate(weights)]
    drawn = sorted((key for key in keys if key[0] >= 0), reverse=True)[:num]
    return [place for _, place in drawn]


def choose_problems(curriculum: Window | Pools, ids: Sequence[str], rates: PassRates, num: int, seed: int) -> list[str]:
    """The problems of a wave: up to `num` of those offered.

    Args:
        ids: the problems from the wave's place on, in the recipe's order, each once.
        seed: of the wave; pools draw by it.
    """
    if isinstance(curriculum, Window):
        return [one for one in ids if in_window(curriculum, rates.get(one))][:num]
    weights = [pool_weight(curriculum, rates.get(one)) for one in ids]
    return [ids[place] for place in draw_weighted(weights, num, seed)]
