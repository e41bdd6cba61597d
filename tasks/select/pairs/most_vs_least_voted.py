"""Pairs `most_vs_least_voted`: the answer most samples agree on against the one fewest do, without labels.

"Self-Consistency Preference Optimization" (ScPO, arXiv 2411.04109): chosen from argmax V, rejected from argmin V, only
where V+ / k >= tau, with weight w = (V+ - V-) / k. The score of a vote judge is V / k, over all samples of the problem.

Where the code differs from the paper's:
1. Samples that share the chosen or the rejected place are told apart at random by the run's seed.
2. Two answers that share the top make no pair; samples without an answer take no part in either place, and stay in k.
3. The most voted answer is looked for among the samples that passed the filters.
"""

from __future__ import annotations

from collections.abc import Sequence

from configs.schema.pair import MostVsLeastVoted
from tasks.core.joined import Candidate
from tasks.core.records import Pair
from tasks.select.filters.filter import Draw
from tasks.select.pairs.choice import NoPair, Scored, make_pair, scored


def make(group: Sequence[Candidate], config: MostVsLeastVoted, draw: Draw) -> list[Pair] | NoPair:
    """One pair, where one answer has most votes and enough of them, and another has fewer."""
    voters = [sample for sample in scored(group, config.judge) if _answer(sample, config) is not None]
    if len(voters) < 2:
        return NoPair.TOO_FEW
    low, high = min(voter.score for voter in voters), max(voter.score for voter in voters)
    winners = [voter for voter in voters if voter.score == high]
    losers = [voter for voter in voters if voter.score == low]
    if len({_answer(voter, config) for voter in voters}) == 1:
        return NoPair.ALL_EQUAL
    if len({_answer(winner, config) for winner in winners}) > 1:
        return NoPair.TIED
    (min_share,) = config.min_share
    if high < min_share:
        return NoPair.LOW_SHARE
    numbers = draw.random("most_vs_least_voted", group[0].problem.id)
    chosen, rejected = numbers.choice(winners).candidate, numbers.choice(losers).candidate
    margin = high - low
    return [make_pair(chosen, rejected, margin=margin, weight=margin if config.weighted else 1.0)]


def _answer(sample: Scored, config: MostVsLeastVoted) -> str | None:
    return sample.candidate.verdict(config.judge).answer
