"""Pairs `shortest_best_longest_worst`: preferences that do not teach length.

"Meta-Rewarding Language Models: Self-Improving Alignment with LLM-as-a-Meta-Judge" (arXiv 2407.19594):

    chosen    the shortest sample with s >= (1 - rho) max + rho min
    rejected  the longest sample with  s <= (1 - rho) min + rho max

Where the code differs from the paper's:
1. Length is in characters. Of equal lengths the better score (for rejected: the worse) goes first, then the smaller
   variance of the judgements, then the earlier sample.
2. rho goes by round; which rho the paper used in which round is not known.
"""

from __future__ import annotations

from collections.abc import Sequence

from configs.schema.pair import ShortestBestLongestWorst
from tasks.core.joined import Candidate
from tasks.core.records import Pair
from tasks.select.filters.filter import Draw
from tasks.select.pairs.choice import NoPair, make_pair, scored

_ROUNDING = 1e-9
"""scores this close to a limit reach it: limits are sums of products"""


def make(group: Sequence[Candidate], config: ShortestBestLongestWorst, draw: Draw) -> list[Pair] | NoPair:
    """One pair, where scores differ."""
    samples = scored(group, config.judge)
    if len(samples) < 2:
        return NoPair.TOO_FEW
    low, high = min(sample.score for sample in samples), max(sample.score for sample in samples)
    if low == high:
        return NoPair.ALL_EQUAL
    (rho,) = config.rho
    slack = rho * (high - low) + _ROUNDING * (high - low)
    good = [sample for sample in samples if sample.score >= high - slack]
    bad = [sample for sample in samples if sample.score <= low + slack]
    chosen = min(good, key=lambda sample: (sample.num_chars, -sample.score, sample.spread))
    rejected = min(bad, key=lambda sample: (-sample.num_chars, sample.score, sample.spread))
    return [make_pair(chosen.candidate, rejected.candidate, margin=chosen.score - rejected.score)]
