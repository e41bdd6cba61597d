"""Pairs `gold_vs_sample`: the worked solution against the model's own text.

"Self-Play Fine-Tuning Converts Weak Language Models to Strong Language Models" (SPIN, arXiv 2401.01335): one sample a
problem, the opponent being the model that wrote it. No judge is asked. Where more samples were drawn, the first one
that passed the filters is taken.
"""

from __future__ import annotations

from collections.abc import Sequence

from configs.schema.pair import GoldVsSample
from tasks.core.joined import Candidate
from tasks.core.records import Pair, written
from tasks.select.filters.filter import Draw
from tasks.select.pairs.choice import NoPair


def make(group: Sequence[Candidate], config: GoldVsSample, draw: Draw) -> list[Pair] | NoPair:
    """One pair, where the problem has a worked solution."""
    problem, sample = group[0].problem, group[0].sample
    if problem.solution is None:
        return NoPair.NO_SOLUTION
    sides = written(problem.solution), written(sample.text)
    return [Pair(problem.id, group[0].chat, *sides, f"gold/{problem.id}", sample.id)]
