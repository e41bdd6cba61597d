"""Pairs `best_vs_worst`: one pair a problem, by a judge's score.

Rules of "RLHF Workflow: From Reward Modeling to Online RLHF" (arXiv 2405.07863), on s - penalty * characters:
`max_min` best against worst, `max_max` best against second, `max_random` best against the first sample (the second
where the first is best), `random` the first two. Where the "rejected" scores higher the two are swapped; equal scores
make no pair. "Self-Rewarding Language Models" (arXiv 2401.10020) is `max_min` on the mean of several judgements.

Where the code differs from the papers':
1. Ties for a place go to the sample with the smallest variance of its judgements, then to the earlier one; `ties` may
   say otherwise.
2. Samples without a score take no part; they are never the worst.
3. The margin of a pair is the difference of the penalised scores.
"""

from __future__ import annotations

from collections.abc import Sequence

from configs.schema.pair import BestVsWorst
from tasks.core.joined import Candidate
from tasks.core.records import Pair
from tasks.select.filters.filter import Draw
from tasks.select.pairs.choice import NoPair, make_pair, scored
from tasks.select.pairs.ranking import REASONS, pick


def make(group: Sequence[Candidate], config: BestVsWorst, draw: Draw) -> list[Pair] | NoPair:
    """One pair. A length penalty that is searched for was filled in before (`length_penalty.py`)."""
    import numpy as np

    samples = scored(group, config.judge)
    if len(samples) < config.min_scored:
        return NoPair.TOO_FEW
    picks = pick(samples, config, np.array([config.length_penalty], float))
    if (reason := REASONS[picks.reason[0]]) is not None:
        return reason
    chosen, rejected = samples[picks.chosen[0]], samples[picks.rejected[0]]
    return [make_pair(chosen.candidate, rejected.candidate, margin=float(picks.margin[0]))]
