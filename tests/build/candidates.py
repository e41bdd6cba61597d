"""Samples with their verdicts, alone and as the group of a problem: what filters, weights and pair makers see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import EllipsisType
from typing import Any

import numpy  # noqa: F401 - loaded here, before hypothesis times a test

from tasks.core.joined import Candidate
from tasks.core.records import Label, Problem
from tasks.select.filters.filter import Group
from tests.build.records import SCORES, make_problem, make_sample, make_scored, make_verdict


def make_candidate(
    problem_id: str = "p",
    index: int = 0,
    label: str = Label.CORRECT,
    score: float | EllipsisType | None = ...,
    *,
    answer: str | None = None,
    problem: Problem | None = None,
    **fields: Any,
) -> Candidate:
    """A sample with the opinion of the judge `answer`.

    Args:
        score: default: what a judge by rule gives with the label; None: no score.
        problem: default: one without a solution.
        fields: of `Sample`.
    """
    sample = make_sample(problem_id, index, **fields)
    told = SCORES.get(Label(label)) if score is ... else score
    verdict = make_verdict(sample, label, score=told, answer=answer)
    return Candidate(sample, {"answer": verdict}, problem or make_problem(problem_id))


def scored_group(
    scores: Sequence[float | None],
    num_chars: Sequence[int] | None = None,
    spreads: Sequence[float] | None = None,
    problem_id: str = "p",
) -> Group:
    """One problem's samples with the scores of a judge `rubric`; texts differ, whatever their lengths."""
    group = []
    for index, score in enumerate(scores):
        sample = make_sample(problem_id, index, f"{index}".ljust(num_chars[index] if num_chars else 4, "x"))
        verdict = make_scored(sample, score, spread=spreads[index] if spreads else None)
        group.append(Candidate(sample, {"rubric": verdict}, make_problem(problem_id)))
    return group


def with_scores(group: Group, scores: Mapping[str, Sequence[float | None]]) -> Group:
    """The same samples with scores of further judges, by judge name."""
    return [
        Candidate(
            one.sample,
            {**one.verdicts, **{judge: make_scored(one.sample, values[place], judge)
                                for judge, values in scores.items()}},
            one.problem,
        )
        for place, one in enumerate(group)
    ]  # fmt: skip
