"""Baselines: what a return is compared with. Step 4 of credit. Two remember, and are carried between segments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from configs.schema.online.credit import SettledCredit
from tasks.online.credit.numbers import Returns, known, mean
from tasks.online.credit.unit import Unit


@dataclass(frozen=True, slots=True)
class Remembered:
    """What baselines know of the waves before.

    Attributes:
        average: moving mean of all returns; 0 at the start.
        sums: sum and number of all returns so far, by group key.
    """

    average: float = 0.0
    sums: Mapping[str, tuple[float, int]] = field(default_factory=dict)


def group_mean(values: Returns) -> list[float]:
    """The mean of those that are there."""
    return [mean(known(values))] * len(values)


def leave_one_out(values: Returns) -> list[float]:
    """The mean of the others that are there; of one that is alone its own value, so that it is worth nothing."""
    there = known(values)
    total, others = sum(there), len(there) - 1
    return [0.0 if value is None else (total - value) / others if others else value for value in values]


def moving_average(average: float, decay: float, values: Returns) -> tuple[list[float], float]:
    """The mean before each value, in order, and the mean after all: each is asked before it learns."""
    asked = []
    for value in values:
        asked.append(average)
        average = average if value is None else decay * average + (1 - decay) * value
    return asked, average


def running_mean(total: float, count: int, min_count: int) -> float:
    """0 until enough were seen."""
    return total / count if count >= min_count else 0.0


def baselines(
    credit: SettledCredit, units: Sequence[Unit], groups: Sequence[Sequence[int]], remembered: Remembered
) -> tuple[list[float], Remembered]:
    """The baseline of each unit of a wave, and what is remembered after it.

    Args:
        units: in the order of their requests.
        groups: places of the units with one key.
    """
    values = [unit.value for unit in units]
    if credit.baseline == "none":
        return [0.0] * len(units), remembered
    if credit.baseline == "ema":
        asked, average = moving_average(remembered.average, credit.decay, values)
        return asked, Remembered(average, remembered.sums)
    if credit.baseline == "running":
        return _running(credit, units, remembered)
    found = [0.0] * len(units)
    for group in groups:
        of_group = [values[place] for place in group]
        if credit.baseline == "first_turn_mean":
            told = group_mean([units[place].first for place in group])
        else:
            told = leave_one_out(of_group) if credit.baseline == "leave_one_out" else group_mean(of_group)
        for place, value in zip(group, told, strict=True):
            found[place] = value
    return found, remembered


def _running(credit: SettledCredit, units: Sequence[Unit], remembered: Remembered) -> tuple[list[float], Remembered]:
    """A wave is asked before any of it is learnt (S2R)."""
    asked = [running_mean(*remembered.sums.get(name_of(unit), (0.0, 0)), credit.min_count) for unit in units]
    sums = dict(remembered.sums)
    for unit in units:
        if unit.value is not None:
            total, count = sums.get(name_of(unit), (0.0, 0))
            sums[name_of(unit)] = (total + unit.value, count + 1)
    return asked, Remembered(remembered.average, sums)


def name_of(unit: Unit) -> str:
    """The group's key as one text, which can be carried."""
    return " | ".join(unit.key)
