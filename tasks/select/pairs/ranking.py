"""Which two samples `best_vs_worst` sets against each other, for many length penalties at once. Pure, numpy.

One implementation serves the pair itself (one penalty) and the search over a grid of penalties, so that the search
counts exactly the pairs that are then made. Shapes: n samples of one problem, p penalties.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from configs.schema.pair import BestVsWorst
from tasks.select.pairs.choice import NoPair, Scored

if TYPE_CHECKING:
    import numpy as np

REASONS = (None, NoPair.TIED, NoPair.ALL_EQUAL, NoPair.SMALL_MARGIN)


class Picks(NamedTuple):
    """For each penalty, shape (p,).

    Attributes:
        chosen, rejected: index of the sample.
        margin: penalised score of the chosen less that of the rejected, at least 0.
        reason: index into REASONS; 0: there is a pair.
    """

    chosen: np.ndarray
    rejected: np.ndarray
    margin: np.ndarray
    reason: np.ndarray


def pick(samples: Sequence[Scored], config: BestVsWorst, penalties: np.ndarray) -> Picks:
    """The two samples for each penalty. Needs two samples or more."""
    import numpy as np

    lengths = np.array([sample.num_chars for sample in samples], float)[:, None]
    scores = np.array([sample.score for sample in samples])[:, None] - penalties[None, :] * lengths
    spreads = np.broadcast_to(np.array([sample.spread for sample in samples])[:, None], scores.shape)
    first, second, is_tied = _places(scores, spreads, config)
    columns = np.arange(len(penalties))
    gap = scores[first, columns] - scores[second, columns]
    chosen, rejected = np.where(gap >= 0, first, second), np.where(gap >= 0, second, first)
    margin = np.abs(gap)
    reason = np.select([margin == 0, is_tied, margin < config.min_margin], [2, 1, 3], 0)
    return Picks(chosen, rejected, margin, reason)


def _places(scores: np.ndarray, spreads: np.ndarray, config: BestVsWorst) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The two samples of the rule, and whether a place among them is shared although the recipe forbids it."""
    import numpy as np

    zero = np.zeros(scores.shape[1], int)
    if config.rule == "random":
        return zero, zero + 1, zero.astype(bool)
    best, is_tied = _best(scores, spreads, config.ties)
    if config.rule == "max_random":
        return best, np.where(best == 0, 1, 0), is_tied
    if config.rule == "max_min":
        other, is_other_tied = _best(-scores, spreads, config.ties)
    else:
        rest = scores.copy()
        rest[best, np.arange(scores.shape[1])] = -np.inf
        other, is_other_tied = _best(rest, spreads, config.ties)
    return best, other, is_tied | is_other_tied


def _best(scores: np.ndarray, spreads: np.ndarray, ties: str) -> tuple[np.ndarray, np.ndarray]:
    """Index of the highest score of each column, ties by the rule, then by index; and whether `drop` forbids it."""
    import numpy as np

    is_best = scores == scores.max(axis=0)
    is_tied = is_best.sum(axis=0) > 1
    if ties == "lowest_spread":
        return np.where(is_best, spreads, np.inf).argmin(axis=0), np.zeros_like(is_tied)
    return is_best.argmax(axis=0), is_tied if ties == "drop" else np.zeros_like(is_tied)
