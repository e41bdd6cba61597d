"""What pair makers see and say. Imported by every kind of pair of this folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Protocol

from configs.schema.pair import BestVsWorst
from tasks.core.joined import Candidate
from tasks.core.records import Label, Message, Pair
from tasks.select.filters.filter import Draw
from tasks.select.rows.spans import ends_turn, spans_of


class NoPair(StrEnum):
    """Why a problem has no pair, or why a pair is dropped. One reason a problem: the first pair's, where all went."""

    NO_SAMPLES = "no_samples"
    """no sample of the problem passed the filters"""
    TOO_FEW = "too_few"
    """fewer samples with a score than a pair needs"""
    ALL_EQUAL = "all_equal"
    """the two that would be set against each other are as good as one another"""
    TIED = "tied"
    """several samples share the best or the worst place, and the recipe drops such problems"""
    SMALL_MARGIN = "small_margin"
    """the scores differ by less than min_margin"""
    LOW_SHARE = "low_share"
    """the most voted answer has too small a share of the votes"""
    ONE_SIDED = "one_sided"
    """all samples are right, or all are wrong"""
    NO_SOLUTION = "no_solution"
    """the problem has no worked solution"""
    SAME_TEXT = "same_text"
    """chosen and rejected are the same text"""
    NOT_RANKED = "not_ranked"
    """two judges' rankings cannot be compared: fewer than two samples, or all equal"""
    NO_REVISION = "no_revision"
    """no chain of the problem has what is set against each other: a revision, or a text with siblings"""
    INCONSISTENT = "inconsistent"
    """two judges' rankings agree no better than chance"""
    NO_JUDGEMENTS = "no_judgements"
    """there is nothing that a judging model wrote about the problem's samples"""
    NOT_SCORED = "not_scored"
    """a judge that the section asks about the pair has no score for one of its sides"""
    UNSURE = "unsure"
    """the judge that must be sure of a pair is not, neither way"""
    DISAGREE = "disagree"
    """a judge that must agree scores the chosen side no higher"""
    SAME_ANSWER = "same_answer"
    """both sides have one answer"""
    NO_NUMBER = "no_number"
    """the distance of answers was asked for, and one of them is no number"""
    SMALL_GAP = "small_gap"
    """the rejected answer lies too near to the right one"""
    LOW_QUALITY = "low_quality"
    """a judge does not find the pair good enough"""

    @property
    def is_of_pairs(self) -> bool:
        """Whether single pairs are dropped for it."""
        return self in _OF_PAIRS


_OF_PAIRS = (
    NoPair.SAME_TEXT, NoPair.NOT_SCORED, NoPair.UNSURE, NoPair.DISAGREE, NoPair.SAME_ANSWER, NoPair.NO_NUMBER,
    NoPair.SMALL_GAP, NoPair.LOW_QUALITY,
)  # fmt: skip


class MakePairs(Protocol):
    """One way to set samples of a problem against each other."""

    def __call__(self, group: Sequence[Candidate], config: Any, draw: Draw) -> list[Pair] | NoPair:
        """Pairs of one problem, at least one, or why there is none.

        Args:
            group: one sample or more, in order; all passed the filters.
            config: the pair section with its judge's name and the round's values.
        """


@dataclass(frozen=True, slots=True)
class Scored:
    """A sample with a judge's score."""

    candidate: Candidate
    score: float
    spread: float
    """variance of the judgements; 0 for a single one"""

    @property
    def num_chars(self) -> int:
        return len(self.candidate.sample.text)


def scored(group: Sequence[Candidate], judge: str | None) -> list[Scored]:
    """The samples that the judge could score, in order."""
    verdicts = [(candidate, candidate.verdict(judge)) for candidate in group]
    return [
        Scored(candidate, verdict.score, verdict.spread or 0.0)
        for candidate, verdict in verdicts
        if verdict.score is not None
    ]


def eligible(group: Sequence[Candidate], config: BestVsWorst) -> Sequence[Candidate]:
    """The samples that may stand on a side: all, or those that the recipe's first judge calls correct."""
    if config.among == "all":
        return group
    return [one for one in group if one.verdict(None).label == Label.CORRECT]


def margin_of(chosen: Candidate, rejected: Candidate, judge: str | None) -> float | None:
    """By how much a judge scores the one higher; None where it could not score both."""
    high, low = chosen.verdict(judge).score, rejected.verdict(judge).score
    return None if high is None or low is None else high - low


def make_pair(
    chosen: Candidate,
    rejected: Candidate,
    margin: float | None = None,
    weight: float = 1.0,
    messages: tuple[Message, ...] = (),
) -> Pair:
    """Two samples of one problem as a row of training; a prefix counts as given only where both have it.

    Args:
        messages: default: the chosen's own chat, which is the problem's but for draws that store another.
    """
    first, second = chosen.sample, rejected.sample
    is_shared = first.prefix == second.prefix
    return Pair(
        problem_id=chosen.problem.id,
        messages=messages or chosen.chat,
        chosen=spans_of(first if is_shared else replace(first, prefix="")),
        rejected=spans_of(second if is_shared else replace(second, prefix="")),
        chosen_id=first.id,
        rejected_id=second.id,
        weight=weight,
        margin=margin,
        chosen_ends=ends_turn(first),
        rejected_ends=ends_turn(second),
    )
