"""Whose votes label a problem's samples: those of its twin, or of a slowly moving copy of the policy (Co-rewarding,
arXiv 2508.00410). A tie elects nothing; samples then have no verdict. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from tasks.answer.equal import clusters
from tasks.core.records import Label, Verdict


def majorities(votes: Iterable[Verdict]) -> dict[str, str]:
    """By problem the answer that most samples have; none of a problem where it is a tie, or nobody has an answer.

    Args:
        votes: verdicts of a vote judge on the samples of the electors.
    """
    return {vote.problem_id: vote.answer for vote in votes if vote.label == Label.CORRECT and vote.answer is not None}


def elected(verdicts: Sequence[Verdict], labels: Mapping[str, str]) -> list[Verdict]:
    """Verdicts of a vote judge, with another electorate's majority in place of the samples' own: 1 for an answer that
    equals it, 0 for another.

    Args:
        labels: by problem, what was elected.
    """
    return [_judged(verdict, labels.get(verdict.problem_id)) for verdict in verdicts]


def agreement(own: Mapping[str, str], others: Mapping[str, str], problems: Iterable[str]) -> float | None:
    """Share of the problems whose own majority is the label that others elected; without one of both it is not."""
    told = [name in own and name in others and are_one(own[name], others[name]) for name in dict.fromkeys(problems)]
    return sum(told) / len(told) if told else None


def are_one(one: str, other: str) -> bool:
    """Whether two spellings are one answer."""
    first, second = clusters([one, other])
    return first == second


def _judged(verdict: Verdict, label: str | None) -> Verdict:
    if verdict.answer is None:
        return verdict
    if label is None:
        return replace(verdict, score=None, label=str(Label.UNSCORED), note="the electorate has no majority")
    is_right = are_one(verdict.answer, label)
    return replace(verdict, score=float(is_right), label=str(Label.CORRECT if is_right else Label.WRONG), note="")
