"""What distances to the baseline are measured in. Steps 5 and 6 of credit."""

from __future__ import annotations

from collections.abc import Sequence

from configs.schema.online.credit import Scale
from tasks.online.credit.numbers import Returns, deviation, known, mean

EPSILON = 1e-4
"""added to deviations, as TRL does"""


def scale_group(scale: Scale, values: Returns, baselines: Sequence[float], wave: Sequence[float]) -> list[float]:
    """Advantages of one group; 0 of a missing return.

    std and batch_std: over the deviation (n - 1) of the group, or of all the wave's returns, plus 1e-4. std_n: over the
    deviation (n), 0 where it is 0. mean: over the group's mean, 0 where it is not above 0.

    Args:
        wave: all returns of the wave that are there.
    """
    there = known(values)
    unit = {
        "none": lambda: 1.0,
        "std": lambda: deviation(there, 1) + EPSILON,
        "std_n": lambda: deviation(there, 0),
        "batch_std": lambda: deviation(wave, 1) + EPSILON,
        "mean": lambda: max(mean(there), 0.0),
    }[scale]()
    return [
        (value - baseline) / unit if value is not None and unit else 0.0
        for value, baseline in zip(values, baselines, strict=True)
    ]


def whiten(values: Sequence[float], less: int = 0, epsilon: float = 0.0) -> list[float]:
    """To mean 0 and deviation 1; all 0 where they are equal.

    Args:
        less: 0: the deviation of the population; 1: of a sample.
    """
    centre, unit = mean(values), deviation(values, less) + epsilon
    return [(value - centre) / unit if unit else 0.0 for value in values]
