"""Means over seeds and problems, their intervals, and differences of methods. Pure.

Every method answers the same problems with every seed: a table of seeds x problems. Both stand for more of their kind,
so a mean varies by both. A bootstrap over three seeds covers far too little: it cannot show a seed that it has not. So
the variance is taken apart, two-way random effects without replication, and what is not known of its parts goes into
the interval: a generalised confidence interval (Weerahandi 1993), which covers between 93 and 97 % from two seeds on
(tests/tasks/study/test_comparison.py). With one seed the interval is over problems alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
DRAWS = 20_000
USUAL = 0.95
"""the share of draws by whose width two spreads are compared"""
LEAST = 0.5
"""of the deviation that the rest alone makes. The truth is no less than all of it, and intervals of two seeds cover 98
% with that; with half of it those of simulated studies still cover 95 to 97 %"""


@dataclass(frozen=True)
class Estimate:
    """A mean of a table of seeds x problems.

    Attributes:
        low, high: ends of its interval.
        p_value: two-sided, of the mean being 0; of the size 1 / DRAWS at least where anything varies.
    """

    mean: float
    low: float
    high: float
    p_value: float

    def within(self, lowest: float, highest: float) -> Estimate:
        """The interval without what cannot be: a mean of shares has ends, those of a few seeds may lie beyond."""
        return replace(self, low=max(lowest, self.low), high=min(highest, self.high))


def estimate(table: Array, confidence: float = 0.95) -> Estimate:
    """Mean over seeds and problems.

    Args:
        table: shape (seeds, problems): correctness in [0, 1], or differences of it in [-1, 1].
    """
    mean, spread = float(table.mean()), _deviations(table)
    if not spread.any():
        return Estimate(mean, mean, mean, 1.0 if mean == 0 else 0.0)
    half = float(np.quantile(np.abs(spread), confidence))
    return Estimate(mean, mean - half, mean + half, max(1 / DRAWS, float((np.abs(spread) >= abs(mean)).mean())))


def _deviations(table: Array) -> Array:
    """Draws of how far such a mean may lie from the truth.

    A mean square of f degrees of freedom is the truth times chi2(f) / f. So f MS / chi2 draws the truth, for seeds, for
    problems and for the rest, and (seeds + problems - rest) / (number of cells) the variance of the mean, at least 0.
    Seeds whose means are alike by chance can make it 0, where the rest alone says more: LEAST is where that ends.
    """
    seeds, problems = table.shape
    of_problems, of_seeds, of_rest, normal = _draws(seeds, problems)
    by_problem, by_seed = table.mean(axis=0), table.mean(axis=1, keepdims=True)
    rest = table - by_problem - by_seed + table.mean()
    of_cells = float((rest**2).sum())
    variance = (
        seeds * float(((by_problem - table.mean()) ** 2).sum()) * of_problems
        + problems * float(((by_seed - table.mean()) ** 2).sum()) * of_seeds
        - of_cells * of_rest
    )
    found = normal * np.sqrt(np.maximum(0, variance) / table.size)
    freedom = (seeds - 1) * (problems - 1)
    least = LEAST * normal * np.sqrt(of_cells / max(1, freedom) / table.size)
    return np.asarray(max(found, least, key=lambda spread: float(np.quantile(np.abs(spread), USUAL))))


@lru_cache(maxsize=8)
def _draws(seeds: int, problems: int) -> tuple[Array, Array, Array, Array]:
    """1 / chi2 for problems, for seeds and for the rest, 0 where there is no freedom; and normal ones. Always the same,
    so that a table has one interval."""
    draws = np.random.default_rng(0)

    def inverse(freedom: int) -> Array:
        return 1 / draws.chisquare(freedom, DRAWS) if freedom else np.zeros(DRAWS)

    return (
        inverse(problems - 1),
        inverse(seeds - 1),
        inverse((seeds - 1) * (problems - 1)),
        draws.standard_normal(DRAWS),
    )


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """p-values corrected for their number (Holm 1979): the step-down maximum of (m - rank) p, at most 1."""
    corrected, worst = {}, 0.0
    ordered = sorted(p_values, key=lambda name: p_values[name])
    for rank, name in enumerate(ordered):
        worst = max(worst, min(1.0, (len(ordered) - rank) * p_values[name]))
        corrected[name] = worst
    return {name: corrected[name] for name in p_values}
