"""Rates, their intervals and their tests, each one line of a paper. Formulas over subsets of draws: `subsets.py`.

Called by `evaluate.py`, `decide/gate.py`, the monitor and the report. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tasks.core.records import ItemResult

VERSION = 1
"""raised when the same counts would give another number"""


class PairedCounts(NamedTuple):
    """Two evaluations of the same items: how many changed, and how."""

    gained: int
    """wrong before, correct after"""
    lost: int
    """correct before, wrong after"""
    both: int
    """correct in both"""
    neither: int
    """wrong in both"""


def wilson_interval(successes: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """Score interval of a rate (Wilson 1927): lower and upper end, both in [0, 1].

    Args:
        successes: 0..n.
        n: trials, at least 1.
        z: quantile of the normal distribution; the default covers 95 %.
    """
    if not 0 <= successes <= n or n < 1:
        raise ValueError(f"needs 0 <= successes <= n and n >= 1, got {successes} of {n}")
    rate = successes / n
    scale = 1 + z * z / n
    centre = (rate + z * z / (2 * n)) / scale
    half_width = z * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n)) / scale
    return max(0.0, centre - half_width), min(1.0, centre + half_width)


def pass_at_k(n: int, c: int, k: int) -> float:
    """Unbiased chance that one of k draws is correct, 1 - C(n-c, k) / C(n, k), as a stable product (arXiv 2107.03374).

    Args:
        n: draws of the problem, at least k; the same for every problem that enters a mean.
        c: how many of them are correct, 0..n.
        k: at least 1.
    """
    if not (0 <= c <= n and 1 <= k <= n):
        raise ValueError(f"needs 0 <= c <= n and 1 <= k <= n, got n {n}, c {c}, k {k}")
    if n - c < k:
        return 1.0
    return 1.0 - math.prod(1.0 - k / i for i in range(n - c + 1, n + 1))


def mcnemar_exact(b: int, c: int) -> float:
    """Two-sided exact p-value of McNemar's test, in [0, 1]; 1 where nothing changed.

    Args:
        b, c: discordant pairs of either direction; their order does not matter.
    """
    if b < 0 or c < 0:
        raise ValueError(f"counts cannot be negative, got {b} and {c}")
    tail = term = 1  # of sum_{i <= m} C(b+c, i), with m the smaller count
    for i in range(min(b, c)):
        term = term * (b + c - i) // (i + 1)
        tail += term
    return min(1.0, 2 * tail / 2 ** (b + c))


def bootstrap_interval(differences: Sequence[float], seed: int, resamples: int = 2000) -> tuple[float, float]:
    """95 % percentile interval of a mean (Efron 1979): problems are drawn anew with replacement, each with both sides
    of its comparison, so what the sides share cancels.

    Args:
        differences: one a problem, at least one.
        seed: of the draws.
    """
    import numpy as np

    values, random = np.asarray(differences, dtype=float), np.random.default_rng(seed)
    means = [values[random.integers(len(values), size=len(values))].mean() for _ in range(resamples)]
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def paired_counts(before: Iterable[ItemResult], after: Iterable[ItemResult]) -> PairedCounts:
    """Compare two evaluations item by item.

    Raises:
        ValueError: they are not over the same items.
    """
    was_correct, is_correct = _correct_by_item(before), _correct_by_item(after)
    if was_correct.keys() != is_correct.keys():
        different = sorted(was_correct.keys() ^ is_correct.keys())
        raise ValueError(f"{len(different)} items are in one evaluation only, for example {different[0]}")
    pairs = [(was_correct[item], is_correct[item]) for item in was_correct]
    return PairedCounts(*(pairs.count(pair) for pair in ((False, True), (True, False), (True, True), (False, False))))


def _correct_by_item(items: Iterable[ItemResult]) -> dict[tuple[str, str], bool]:
    correct: dict[tuple[str, str], bool] = {}
    for item in items:
        if (item.suite, item.problem_id) in correct:
            raise ValueError(f"item {item.problem_id} of {item.suite} occurs twice")
        correct[item.suite, item.problem_id] = item.is_correct
    return correct
