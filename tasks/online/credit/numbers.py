"""Means and deviations of returns, of which some may be missing: missing ones take no part, and get none."""

from __future__ import annotations

import math
from collections.abc import Sequence

Returns = Sequence[float | None]

SAME = 1e-8
"""returns that differ by no more are the same"""


def known(values: Returns) -> list[float]:
    """Those that are there."""
    return [value for value in values if value is not None]


def total(values: Returns) -> float | None:
    """Their sum; None where one is missing: half a sum is not comparable with a whole one."""
    there = known(values)
    return sum(there) if len(there) == len(values) else None


def mean(values: Sequence[float]) -> float:
    """0 of none."""
    return math.fsum(values) / len(values) if values else 0.0


def deviation(values: Sequence[float], less: int) -> float:
    """Root of the squared distances to the mean over n - less; 0 where that leaves nothing to divide by.

    Args:
        less: 1 for the deviation of a sample, 0 for that of a population.
    """
    if len(values) <= less:
        return 0.0
    centre = mean(values)
    return math.sqrt(math.fsum((value - centre) ** 2 for value in values) / (len(values) - less))


def are_flat(values: Returns) -> bool:
    """Whether there are no two that differ."""
    there = known(values)
    return not there or max(there) - min(there) <= SAME
