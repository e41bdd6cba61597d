"""Pairs `gold_vs_sample`: the worked solution against the model's own texts.

"Self-Play Fine-Tuning Converts Weak Language Models to Strong Language Models" (SPIN, arXiv 2401.01335): one sample a
problem, the opponent being the model that wrote it. No judge is asked. Where more samples were drawn, the first one
that passed the filters is taken.

"Extensive Self-Contrast Enables Feedback-Free Language Model Alignment" (arXiv 2404.00604): with a judge that says how
near a sample comes to the solution, `per_problem` of those that are far from it, drawn at random. Different texts
sorted by rising score; kept are those strictly below the score at place min(floor(lowest_share n), different texts -
1), n the samples with a score. Empty texts, and problems with fewer texts left than wanted, make no pair.

Where this differs from the paper's code: with `lowest_share: 1` nothing is cut off, not even the nearest one.
"""

from __future__ import annotations

from collections.abc import Sequence

from configs.schema.pair import GoldVsSample
from tasks.core.joined import Candidate
from tasks.core.records import Pair, written
from tasks.select.filters.filter import Draw
from tasks.select.pairs.choice import NoPair, Scored, scored


def make(group: Sequence[Candidate], config: GoldVsSample, draw: Draw) -> list[Pair] | NoPair:
    """`per_problem` pairs, in the order of the samples, where the problem has a worked solution."""
    problem = group[0].problem
    if problem.solution is None:
        return NoPair.NO_SOLUTION
    if config.judge is None:
        rejected = _different(group)[: config.per_problem]
    else:
        far = farthest(scored(group, config.judge), config.lowest_share)
        numbers = draw.random("gold_vs_sample", problem.id)
        places = sorted(numbers.sample(range(len(far)), min(config.per_problem, len(far))))
        rejected = [far[place] for place in places]
    if len(rejected) < config.per_problem:
        return NoPair.TOO_FEW
    weight = 1 / len(rejected) if config.weight == "per_problem" else 1.0
    chosen, name = written(problem.solution), f"gold/{problem.id}"
    return [
        Pair(problem.id, one.chat, chosen, written(one.sample.text), name, one.sample.id, weight) for one in rejected
    ]


def farthest(samples: Sequence[Scored], lowest_share: float) -> list[Candidate]:
    """Of the different texts those with the lowest scores, in the order of the samples.

    Args:
        lowest_share: of the samples, in (0, 1]; 1: all of them.
    """
    texts = [one for one in samples if one.candidate.sample.text.strip()]
    first = {id(one) for one in _different([one.candidate for one in texts])}
    different = [one for one in texts if id(one.candidate) in first]
    if lowest_share < 1 and different:
        rising = sorted(one.score for one in different)
        limit = rising[min(int(lowest_share * len(texts)), len(rising) - 1)]
        different = [one for one in different if one.score < limit]
    return [one.candidate for one in different]


def _different(group: Sequence[Candidate]) -> list[Candidate]:
    """The first of several candidates with the same text; white space at the ends does not count."""
    first: dict[str, Candidate] = {}
    for one in group:
        first.setdefault(one.sample.text.strip(), one)
    return list(first.values())
