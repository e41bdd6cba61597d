"""Formulas of the monitor, each one line. Pure; numpy and scipy are imported by the rank correlation alone.

Sources: docs/metrics.md says which metric uses which formula.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


def divide(total: float, count: float) -> float | None:
    """total / count; None where there is nothing to divide by."""
    return total / count if count else None


def shares(counts: Sequence[float]) -> list[float]:
    """Counts as parts of their sum; all 0 where that is 0."""
    total = sum(counts)
    return [count / total for count in counts] if total else [0.0] * len(counts)


def entropy(counts: Sequence[float]) -> float:
    """Shannon entropy of counts, natural logarithm; 0 where all of them lie in one class, or there are none."""
    return -sum(share * math.log(share) for share in shares(counts) if share)


def normalised_entropy(counts: Sequence[float]) -> float:
    """Entropy / ln B over B classes, in [0, 1]; 0 for a single class."""
    return entropy(counts) / math.log(len(counts)) if len(counts) > 1 else 0.0


def total_variation(first: Sequence[float], second: Sequence[float]) -> float:
    """Half the summed differences of two distributions over the same classes, in [0, 1]."""
    return sum(abs(a - b) for a, b in zip(shares(first), shares(second), strict=True)) / 2


def effective_bins(counts: Sequence[float]) -> float:
    """exp(entropy): how many equally filled bins would be as spread out. From 1 to the number of bins."""
    return math.exp(entropy(counts))


def spearman(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Rank correlation in [-1, 1], ties at their mean rank; None where one side does not vary or has under two."""
    if len(first) < 2 or min(first) == max(first) or min(second) == max(second):
        return None
    from numpy import corrcoef
    from scipy.stats import rankdata

    return float(corrcoef(rankdata(first), rankdata(second))[0, 1])


def expected_calibration_error(confidences: Sequence[float], outcomes: Sequence[float], num_bins: int) -> float | None:
    """sum_b (n_b / n) |mean confidence - share of hits| over equal bins of [0, 1], closed on the right."""
    bins: dict[int, list[tuple[float, float]]] = {}
    for confidence, outcome in zip(confidences, outcomes, strict=True):
        place = bin_place(confidence, num_bins)
        bins.setdefault(place, []).append((confidence, outcome))
    gaps = (abs(sum(c for c, _ in pairs) - sum(y for _, y in pairs)) for pairs in bins.values())
    return divide(sum(gaps), len(confidences))


def bin_place(share: float, num_bins: int) -> int:
    """Which of `num_bins` equal bins of [0, 1], closed on the right, holds a share; 0 lies in the first."""
    # A share such as 3/10 may come out of a division a hair above its bin's edge.
    return max(math.ceil(round(share * num_bins, 9)), 1) - 1


def brier_score(confidences: Sequence[float], outcomes: Sequence[float]) -> float | None:
    """Mean of (confidence - outcome)^2, in [0, 1]."""
    return divide(sum((c - y) ** 2 for c, y in zip(confidences, outcomes, strict=True)), len(confidences))


@dataclass
class Confusion:
    """A judge's yes and no against gold. Rates of nothing are None."""

    true_yes: int = 0
    false_yes: int = 0
    missed: int = 0
    true_no: int = 0

    def add(self, says_yes: bool, is_correct: bool) -> None:
        """Count one sample."""
        self.true_yes += says_yes and is_correct
        self.false_yes += says_yes and not is_correct
        self.missed += not says_yes and is_correct
        self.true_no += not says_yes and not is_correct

    @property
    def total(self) -> int:
        return self.true_yes + self.false_yes + self.missed + self.true_no

    @property
    def precision(self) -> float | None:
        return divide(self.true_yes, self.true_yes + self.false_yes)

    @property
    def recall(self) -> float | None:
        return divide(self.true_yes, self.true_yes + self.missed)

    @property
    def false_positive_rate(self) -> float | None:
        return divide(self.false_yes, self.false_yes + self.true_no)

    @property
    def accuracy(self) -> float | None:
        return divide(self.true_yes + self.true_no, self.total)

    @property
    def kappa(self) -> float | None:
        """Cohen's kappa: (accuracy - chance) / (1 - chance); None where chance agreement is complete."""
        if not self.total:
            return None
        yes, correct = self.true_yes + self.false_yes, self.true_yes + self.missed
        chance = (yes * correct + (self.total - yes) * (self.total - correct)) / self.total**2
        return None if chance == 1 else ((self.accuracy or 0.0) - chance) / (1 - chance)
