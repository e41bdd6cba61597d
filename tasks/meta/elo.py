"""Elo ratings of judgements from pairwise comparisons. "Meta-Rewarding Language Models", arXiv 2407.19594. Pure.

Position weights over all comparisons of a round: omega_first = wins of the second / all wins, omega_second = wins of
the first / all wins. B_ij = omega_first [i wins when shown first] + omega_second [i wins when shown second].
Elo = argmax of sum_ij B_ij ln sigma(e_i - e_j), on the scale 1000 + (400 / ln 10) (e_i - mean).

Where this differs from the paper:
1. What can't be read, and a pair whose two orders name different winners, is a win for neither side.
2. A ridge of -ridge/2 sum (e_i - mean)^2: without it the rating of an unbeaten judgement has no maximum.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from tasks.core.records import Judgement

MEAN_RATING = 1000.0
SCALE = 400 / math.log(10)


def position_weights(comparisons: Iterable[Judgement]) -> tuple[float, float] | None:
    """(omega_first, omega_second), which add up to 1; None where no comparison could be read.

    Args:
        comparisons: score 1 where the first won, 0 where the second did, None where it can't be read.
    """
    wins = [0, 0]
    for row in comparisons:
        if row.score is not None:
            wins[0 if row.score > 0.5 else 1] += 1
    total = sum(wins)
    return (wins[1] / total, wins[0] / total) if total else None


def win_matrix(
    players: Sequence[str], comparisons: Iterable[Judgement], weights: tuple[float, float]
) -> list[list[float]]:
    """B: row i, column j: the weighted wins of player i over player j. Comparisons are found by their two names."""
    places = {name: place for place, name in enumerate(players)}
    wins: dict[tuple[int, int], list[float]] = {}
    num_asked: dict[frozenset[int], int] = {}
    for row in comparisons:
        assert row.other_id is not None
        first, second = places[row.sample_id], places[row.other_id]
        pair = frozenset((first, second))
        num_asked[pair] = num_asked.get(pair, 0) + 1
        if row.score is not None and row.score > 0.5:
            wins.setdefault((first, second), []).append(weights[0])
        elif row.score is not None:
            wins.setdefault((second, first), []).append(weights[1])
    matrix = [[0.0] * len(players) for _ in players]
    for (winner, loser), won in wins.items():
        if len(won) == num_asked[frozenset((winner, loser))]:  # every order was read, and named this winner
            matrix[winner][loser] = math.fsum(won)
    return matrix


def elo_ratings(matrix: Sequence[Sequence[float]], ridge: float) -> list[float]:
    """Ratings by maximum likelihood; their mean is 1000.

    Args:
        matrix: B of two or more players, numbers of 0 or more.
        ridge: above 0.
    """
    import numpy
    from scipy.optimize import minimize

    wins = numpy.asarray(matrix, dtype=float)
    games = wins + wins.T

    def loss(strengths: Any) -> float:
        gaps = strengths[:, None] - strengths[None, :]
        return float((wins * numpy.logaddexp(0, -gaps)).sum() + ridge / 2 * (strengths**2).sum())

    def gradient(strengths: Any) -> Any:
        expected = _sigmoid(strengths[:, None] - strengths[None, :])
        return (games * expected - wins).sum(axis=1) + ridge * strengths

    def hessian(strengths: Any) -> Any:
        expected = _sigmoid(strengths[:, None] - strengths[None, :])
        curvature = games * expected * (1 - expected)
        return numpy.diag(curvature.sum(axis=1) + ridge) - curvature

    found = minimize(
        loss, numpy.zeros(len(wins)), method="trust-exact", jac=gradient, hess=hessian, options={"gtol": 1e-10}
    )
    return [MEAN_RATING + SCALE * float(strength) for strength in found.x - found.x.mean()]


def rate(
    players: Sequence[str], comparisons: Iterable[Judgement], weights: tuple[float, float], ridge: float
) -> dict[str, float]:
    """Ratings by player."""
    return dict(zip(players, elo_ratings(win_matrix(players, comparisons, weights), ridge), strict=True))


def _sigmoid(gaps: Any) -> Any:
    from scipy.special import expit

    return expit(gaps)
