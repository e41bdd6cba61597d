"""Credit: from rewards of a wave's texts to the advantage of each unit, in the order of the seven steps.

    1 rewards of texts (`reward.py`)        5 scale (`scale.py`)
    2 returns, 3 group keys (`unit.py`)     6 whitening, by part or over the wave
    4 baselines (`baseline.py`)             7 who is trained: units have trained texts alone

Factors of single texts come last.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from configs.schema.online.credit import SettledCredit
from tasks.core.records import DropReason
from tasks.online.credit.baseline import Remembered, baselines
from tasks.online.credit.scale import EPSILON, scale_group, whiten
from tasks.online.credit.unit import Unit, units_of
from tasks.online.reward import Rewarded


@dataclass(frozen=True, slots=True)
class Judged:
    """A group of episodes with their rewards."""

    fork: str
    episodes: tuple[Rewarded, ...]


@dataclass(frozen=True, slots=True)
class Advantage:
    """What a unit is worth.

    Attributes:
        dropped: why it is not trained on: a reward of its episode is missing, so that it is in no baseline either
            (unscored, or leak where it was told the answer); or it ended at max_tokens and the objective masks such
            texts, which count in baselines (truncated).
    """

    unit: Unit
    value: float
    baseline: float
    dropped: DropReason | None = None


def assign(
    credit: SettledCredit, groups: Sequence[Judged], remembered: Remembered, wave: int = 0
) -> tuple[list[Advantage], Remembered]:
    """Advantages of the units of a wave, in the order of its episodes, and what baselines remember after it.

    Args:
        wave: its number, for `group_by: [wave]`.
    """
    if credit.combine == "normalise_then_sum":
        return _each_term_alone(credit, groups, remembered, wave), remembered
    units = _units(credit, groups, lambda rewarded: rewarded.rewards, wave)
    found, after = baselines(credit, units, _by_key(units), remembered)
    values = _whitened(credit, units, _scaled(credit, units, found))
    told = [value * unit.factor for value, unit in zip(values, units, strict=True)]
    return [_advantage(*one) for one in zip(units, told, found, strict=True)], after


def _units(
    credit: SettledCredit,
    groups: Sequence[Judged],
    rewards: Callable[[Rewarded], Sequence[float | None]],
    wave: int,
) -> list[Unit]:
    return [
        unit
        for group in groups
        for rewarded in group.episodes
        for unit in units_of(group.fork, rewarded, rewards(rewarded), credit, wave)
    ]


def _by_key(units: Sequence[Unit]) -> list[list[int]]:
    groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, unit in enumerate(units):
        groups[unit.key].append(place)
    return list(groups.values())


def _scaled(credit: SettledCredit, units: Sequence[Unit], found: Sequence[float]) -> list[float]:
    told = [0.0] * len(units)
    wave = [unit.value for unit in units if unit.value is not None]
    for group in _by_key(units):
        values = [units[place].value for place in group]
        scaled = scale_group(credit.scale, values, [found[place] for place in group], wave)
        for place, value in zip(group, scaled, strict=True):
            told[place] = value
    return told


def _whitened(credit: SettledCredit, units: Sequence[Unit], values: list[float]) -> list[float]:
    """Once more over the wave, or over all its texts of one part; missing ones take no part."""
    if credit.normalise_by == "none":
        return values
    pools: dict[str, list[int]] = defaultdict(list)
    for place, unit in enumerate(units):
        if unit.value is not None:
            pools[unit.turns[0].part if credit.normalise_by == "part" else ""].append(place)
    told = list(values)
    for pool in pools.values():
        for place, value in zip(pool, whiten([values[place] for place in pool]), strict=True):
            told[place] = value
    return told


def _each_term_alone(
    credit: SettledCredit, groups: Sequence[Judged], remembered: Remembered, wave: int
) -> list[Advantage]:
    """normalise_then_sum (GDPO, arXiv 2601.05242): the sum of each term's own advantages, whitened over the wave (by
    n - 1, plus 1e-4). No scale of one term drowns another."""
    whole = _units(credit, groups, lambda rewarded: rewarded.rewards, wave)
    episodes = [rewarded for group in groups for rewarded in group.episodes]
    names = list(episodes[0].by_term) if episodes else []

    def of_term(name: str) -> list[Unit]:
        return _units(credit, groups, lambda rewarded: rewarded.by_term[name], wave)

    sums = [0.0] * len(whole)
    for name in names:
        units = [
            replace(own, value=None) if unit.value is None else own
            for own, unit in zip(of_term(name), whole, strict=True)
        ]
        found, _ = baselines(credit, units, _by_key(units), remembered)
        sums = [total + value for total, value in zip(sums, _scaled(credit, units, found), strict=True)]
    there = [place for place, unit in enumerate(whole) if unit.value is not None]
    even = dict(zip(there, whiten([sums[place] for place in there], 1, EPSILON), strict=True))
    return [_advantage(unit, even.get(place, 0.0), 0.0) for place, unit in enumerate(whole)]


def _advantage(unit: Unit, value: float, baseline: float) -> Advantage:
    missing = DropReason.LEAK if any(turn.is_leaked for turn in unit.written) else DropReason.UNSCORED
    return Advantage(unit, value, baseline, missing if unit.value is None else None)
