"""The balance score: which temperature and which reward threshold a round samples and selects with. Pure.

"B-STaR: Monitoring and Balancing Exploration and Exploitation in Self-Taught Reasoners", arXiv 2412.17256. With n_i
samples of problem i kept at (T, tau), score > tau, and n'_i of them correct and distinct:

    bs_i = min(n'_i / n*, 1) * n'_i / n_i, and 0 where n_i = 0;      score(T, tau) = mean of bs_i over the probe

Where this differs from the authors' code, and follows the paper or makes it exact:
1. n* = ceil(target / problems that a round samples); the code fixes 8.
2. Problems of which nothing is kept count with 0; the code leaves them out of the mean.
3. Gold solutions are not in the pool; the code puts each in with score 1.
4. Distinct means another text after white space at the ends is cut, whatever the cap of later stages.
5. A sample without a score is never kept; it is not a zero.
6. Of equals the lower temperature wins, then the higher threshold; sums are rounded to 12 places to find equals.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from configs.errors import NoDataError

_PLACES = 12


@dataclass(frozen=True, slots=True)
class Point:
    """One (temperature, threshold) of the grid; a row of `curve.parquet`. Means are over the probe's problems.

    Attributes:
        balance: mean balance score, in [0, 1].
        num_kept, num_good: mean number of samples kept of a problem, and of correct and distinct ones among them.
        share_without: share of problems of which nothing is kept.
    """

    VERSION: ClassVar[int] = 1
    temperature: float
    threshold: float
    balance: float
    num_kept: float
    num_good: float
    share_without: float


@dataclass(frozen=True, slots=True)
class Draw:
    """One judged draw of a probe problem; `score` is the calibrated judge's, `is_correct` the answer judge's."""

    text: str
    score: float | None
    is_correct: bool


@dataclass(frozen=True, slots=True)
class Tally:
    """Draws of one problem at one temperature, ready to be counted at any threshold.

    Attributes:
        scores: of all draws that have one, ascending.
        good_scores: of every distinct correct text the best score, ascending.
    """

    scores: tuple[float, ...]
    good_scores: tuple[float, ...]

    def num_kept(self, threshold: float) -> int:
        """n: draws that score above the threshold."""
        return len(self.scores) - bisect_right(self.scores, threshold)

    def num_good(self, threshold: float) -> int:
        """n': distinct correct texts that score above the threshold."""
        return len(self.good_scores) - bisect_right(self.good_scores, threshold)


def balance(num_good: int, num_kept: int, wanted: int) -> float:
    """Balance score of one problem, in [0, 1].

    Args:
        num_good: n', samples kept that are correct and distinct.
        num_kept: n, samples kept.
        wanted: n*, at least 1.
    """
    return min(num_good / wanted, 1.0) * num_good / num_kept if num_kept else 0.0


def wanted_per_problem(target: int, num_problems: int) -> int:
    """n*: training examples wanted of each problem.

    Args:
        target: examples wanted in a round.
        num_problems: that a round samples.
    """
    return -(-target // num_problems)


def tally(draws: Iterable[Draw]) -> Tally:
    """Count the draws of one problem at one temperature."""
    scores: list[float] = []
    best: dict[str, float] = {}
    for draw in draws:
        if draw.score is None:
            continue
        scores.append(draw.score)
        if draw.is_correct:
            text = draw.text.strip()
            best[text] = max(draw.score, best.get(text, -math.inf))
    return Tally(tuple(sorted(scores)), tuple(sorted(best.values())))


def measure(temperature: float, threshold: float, tallies: Sequence[Tally], wanted: int) -> Point:
    """One point of the grid; `tallies`: one for each probe problem, at least one, empty ones included."""
    counts = [(item.num_good(threshold), item.num_kept(threshold)) for item in tallies]
    return Point(
        temperature=temperature,
        threshold=threshold,
        balance=round(math.fsum(balance(good, kept, wanted) for good, kept in counts) / len(counts), _PLACES),
        num_kept=sum(kept for _, kept in counts) / len(counts),
        num_good=sum(good for good, _ in counts) / len(counts),
        share_without=sum(kept == 0 for _, kept in counts) / len(counts),
    )


def draw_curve(tallies: Mapping[float, Sequence[Tally]], thresholds: Iterable[float], wanted: int) -> list[Point]:
    """Every point of the grid, by temperature, then threshold, both ascending.

    Args:
        tallies: by temperature.
        wanted: n*.
    """
    rising = sorted(set(thresholds))
    return [measure(heat, limit, tallies[heat], wanted) for heat in sorted(tallies) for limit in rising]


def choose(points: Sequence[Point], judge: str, highest: float | None) -> Point:
    """The point with the best balance; of equals the one with the lower temperature, then the higher threshold.

    Args:
        judge: whose score is compared with the threshold; for the message.
        highest: the highest score of any draw; None where no draw has one.

    Raises:
        NoDataError: the balance is 0 everywhere.
    """
    best = max(points, key=lambda point: (point.balance, -point.temperature, point.threshold))
    if best.balance > 0:
        return best
    if highest is None:
        raise NoDataError(
            f"calibrate: judge '{judge}' gave none of the probe's samples a score",
            "see why in the notes of the step's verdict files, or name another judge in calibrate.judge",
        )
    lowest = min(point.threshold for point in points)
    if not any(point.num_kept for point in points):
        raise NoDataError(
            f"calibrate.thresholds: none keeps a sample: the highest score of judge '{judge}' is {highest:g}, and the "
            f"lowest threshold {lowest:g}",
            f"add thresholds below {highest:g}",
        )
    raise NoDataError(
        f"calibrate: no sample that a threshold keeps is correct: the highest score of judge '{judge}' is {highest:g}, "
        f"the lowest threshold {lowest:g}",
        "add lower thresholds, raise calibrate.num_samples, or give the model a warm start",
    )
