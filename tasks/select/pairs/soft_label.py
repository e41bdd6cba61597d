"""How far a pair is trusted: two judges' rankings compared (`pair.soft_label`).

"CREAM: Consistency Regularized Self-Rewarding Language Models" (arXiv 2410.12735):

    C = (tau + 1) / 2

with Kendall's tau, or Spearman's rho, between the scores that two judges give the samples of a problem; `avg` is the
mean over problems, `dyn` goes problem by problem. The pair's loss is C L(w, l) + (1 - C) L(l, w).

Where the code differs from the official code:
1. Scores are joined by sample: a sample that one of the judges could not score is left out of the ranking.
2. tau is tau-b, which allows for ties. Where a judge scores all samples alike there is no tau: under `avg` the problem
   is left out of the mean, under `dyn` it makes no pair.
3. C of a half or less would teach nothing, or the reverse: under `dyn` the pairs are dropped, under `avg` the round
   ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import fsum

from configs.errors import NoDataError
from configs.schema.pair_options import RankConsistency
from tasks.core.joined import Candidate


def consistency(group: Sequence[Candidate], config: RankConsistency) -> float | None:
    """C of one problem, in [0, 1]; None where the rankings cannot be compared."""
    verdicts = [[candidate.verdict(judge) for judge in config.judges] for candidate in group]
    scores = [(one.score, two.score) for one, two in verdicts if one.score is not None and two.score is not None]
    if any(len({pair[side] for pair in scores}) < 2 for side in (0, 1)):
        return None
    from scipy.stats import kendalltau, spearmanr

    measure = kendalltau if config.measure == "kendall" else spearmanr
    return (float(measure(*zip(*scores, strict=True)).statistic) + 1) / 2


def mean_consistency(groups: Iterable[Sequence[Candidate]], config: RankConsistency) -> float | None:
    """Mean C of the round's problems, above a half; None where no problem's rankings can be compared.

    Raises:
        NoDataError: it is a half or less.
    """
    values = [value for group in groups if (value := consistency(group, config)) is not None]
    if not values:
        return None
    mean = fsum(values) / len(values)
    if mean <= 0.5:
        raise NoDataError(
            f"pair.soft_label: the judges {' and '.join(config.judges)} rank the samples with a mean consistency of "
            f"{mean:.3f} over {len(values)} problems; at 0.5 or less they would teach nothing, or the reverse",
            "look at the judges' scores, or write soft_label.average: dyn, which drops single problems",
        )
    return mean
