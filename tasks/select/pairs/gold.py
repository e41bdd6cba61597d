"""Worked solutions where a model has nothing right to show (`gold_when_none`).

"Self-Refine Instruction-Tuning for Aligning Reasoning in Language Models" (arXiv 2405.00402): the chosen side is a
right answer of the student, else the teacher's. Which is preferred in the paper is not known; so it is here.
"""

from __future__ import annotations

from collections.abc import Sequence

from configs.schema.pair import Pair as PairConfig
from tasks.core.joined import Candidate
from tasks.core.records import Label, Pair, written
from tasks.select.filters.filter import Draw
from tasks.select.pairs.choice import NoPair
from tasks.select.rows.spans import ends_turn


def gold_pairs(group: Sequence[Candidate], config: PairConfig, draw: Draw) -> list[Pair] | NoPair:
    """The problem's solution over wrong samples, drawn at random: as many as the section makes at most.

    Labels are those of the pair's judge; of the recipe's first judge where that one gives none.
    """
    problem = group[0].problem
    labels = [_label(one, config.judge) for one in group]
    wrong = [one for one, label in zip(group, labels, strict=True) if label == Label.WRONG]
    if Label.CORRECT in labels or not wrong:
        return NoPair.ONE_SIDED
    if problem.solution is None:
        return NoPair.NO_SOLUTION
    most = min(config.most_per_problem or len(wrong), len(wrong))
    places = draw.random("gold_when_none", problem.id).sample(range(len(wrong)), most)
    return [_pair(problem.solution, wrong[place]) for place in sorted(places)]


def _label(one: Candidate, judge: str | None) -> str:
    own = one.verdict(judge).label
    return own if own in (Label.CORRECT, Label.WRONG) else one.verdict(None).label


def _pair(solution: str, one: Candidate) -> Pair:
    problem, sample = one.problem, one.sample
    return Pair(
        problem.id, one.chat, written(solution), written(sample.text), f"gold/{problem.id}", sample.id,
        rejected_ends=ends_turn(sample),
    )  # fmt: skip
