"""Pairs `best_vs_worst`: one pair a problem, by a judge's score.

Rules of "RLHF Workflow: From Reward Modeling to Online RLHF" (arXiv 2405.07863), on s - penalty * characters:
`max_min` best against worst, `max_max` best against second, `max_random` best against the first sample (the second
where the first is best), `random` the first two. Where the "rejected" scores higher the two are swapped; equal scores
make no pair. `all` sets each over every one that scores lower, of which `per_problem` are drawn (CREST, arXiv
2411.06387: among correct samples). "Self-Rewarding Language Models" (arXiv 2401.10020) is `max_min` on the mean of
several judgements.

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
from tasks.select.pairs.choice import NoPair, Scored, eligible, make_pair, scored
from tasks.select.pairs.ranking import REASONS, pick


def make(group: Sequence[Candidate], config: BestVsWorst, draw: Draw) -> list[Pair] | NoPair:
    """One pair, or all. A length penalty that is searched for was filled in before (`length_penalty.py`)."""
    import numpy as np

    samples = scored(eligible(group, config), config.judge)
    if len(samples) < config.min_scored:
        return NoPair.TOO_FEW
    if config.rule == "all":
        return _all(samples, config, draw)
    picks = pick(samples, config, np.array([config.length_penalty], float))
    if (reason := REASONS[picks.reason[0]]) is not None:
        return reason
    chosen, rejected = samples[picks.chosen[0]], samples[picks.rejected[0]]
    return [make_pair(chosen.candidate, rejected.candidate, margin=float(picks.margin[0]))]


def _all(samples: Sequence[Scored], config: BestVsWorst, draw: Draw) -> list[Pair] | NoPair:
    """Each sample over every one with a lower score, in the order of the samples; no combination twice."""
    assert isinstance(config.length_penalty, float | int), "it is searched for under other rules only"
    scores = [sample.score - config.length_penalty * sample.num_chars for sample in samples]
    places = [(i, j) for i in range(len(samples)) for j in range(len(samples)) if scores[i] > scores[j]]
    wide = [(i, j) for i, j in places if scores[i] - scores[j] >= config.min_margin]
    if not wide:
        return NoPair.SMALL_MARGIN if places else NoPair.ALL_EQUAL
    numbers = draw.random("best_vs_worst", samples[0].candidate.problem.id)
    drawn = sorted(numbers.sample(range(len(wide)), min(len(wide), config.per_problem or len(wide))))
    return [
        make_pair(samples[i].candidate, samples[j].candidate, margin=scores[i] - scores[j])
        for i, j in map(wide.__getitem__, drawn)
    ]
