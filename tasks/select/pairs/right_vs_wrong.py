"""Pairs `right_vs_wrong`: correct samples against wrong ones, all combinations, of which some are drawn at random.

"Iterative Reasoning Preference Optimization" (IRPO, arXiv 2404.19733) and "V-STaR: Training Verifiers for Self-Taught
Reasoners" (arXiv 2402.06457). Without a cap, problems that are solved half of the time would make most pairs.

Where the code differs from the papers': a wrong sample is one whose answer was read and is not the gold one;
unparseable and truncated samples take no part.
"""

from __future__ import annotations

from collections.abc import Sequence

from configs.schema.pair import RightVsWrong
from tasks.core.joined import Candidate
from tasks.core.records import Label, Pair
from tasks.select.filters.filter import Draw
from tasks.select.pairs.choice import NoPair, make_pair, margin_of


def make(group: Sequence[Candidate], config: RightVsWrong, draw: Draw) -> list[Pair] | NoPair:
    """Up to `per_problem` pairs, in order of their samples; no combination twice."""
    right = [candidate for candidate in group if candidate.verdict(config.judge).label == Label.CORRECT]
    wrong = [candidate for candidate in group if candidate.verdict(config.judge).label == Label.WRONG]
    total = len(right) * len(wrong)
    if not total:
        return NoPair.ONE_SIDED
    numbers = draw.random("right_vs_wrong", group[0].problem.id)
    drawn = sorted(numbers.sample(range(total), min(total, config.per_problem or total)))
    places = [divmod(number, len(wrong)) for number in drawn]
    return [make_pair(right[i], wrong[j], margin=margin_of(right[i], wrong[j], config.judge)) for i, j in places]
