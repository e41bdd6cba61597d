"""What is thought of a sample: verdicts, and what judging models said."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from tasks.core.records.problem import Message
from tasks.core.records.sample import SAID_RIGHT, SAID_WRONG


class Label(StrEnum):
    """What a judge concluded on a sample. Exactly one holds for every sample."""

    CORRECT = "correct"
    WRONG = "wrong"
    UNPARSEABLE = "unparseable"
    """no answer could be found in the text: no score"""
    TRUNCATED = "truncated"
    """the text ended at max_tokens: never correct, whatever it says"""
    VERIFIER_ERROR = "verifier_error"
    """the verifier hung, crashed or declined: no score"""
    UNSCORED = "unscored"
    """the judge scores without calling right or wrong"""
    MISSING = "missing"
    """what was asked has no answer: the model that should write the text, or the judge's, gave none. No score"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One judge's opinion of one sample.

    Attributes:
        score: the judge's number; None where nothing could be parsed or verified. A missing score is never a zero.
        label: a `Label`.
        answer: what was extracted from the text.
        note: why there is no score, in words.
        spread: variance of the judgements that the score is the mean of; None for a single one.
    """

    VERSION: ClassVar[int] = 1
    sample_id: str
    problem_id: str
    judge: str
    label: str
    score: float | None = None
    answer: str | None = None
    note: str | None = None
    spread: float | None = None


def is_true(said: str | None, attempt: Verdict) -> bool:
    """Whether a verdict that a model wrote says what the judge says of the attempt: one that is not called correct is
    wrong, and of one that the judge has no answer to nothing is true."""
    if attempt.label == Label.MISSING:
        return False
    return said == (SAID_RIGHT if attempt.label == Label.CORRECT else SAID_WRONG)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a judging model said once: the raw material of verdicts.

    Attributes:
        sample_id: the sample judged; in a comparison the one shown first.
        other_id: in a comparison, the sample shown second.
        index: number of the judgement among those of the same sample, or of the same comparison.
        messages: what the judging model was asked.
        text: what it wrote; empty where probabilities of choices were taken.
        score: what was read from it; in a comparison 1: the first wins, 0: the second. None: not readable.
        note: why it is not readable, in words.
        missing: why there is none (a `MissingReason`); None where the model answered.
    """

    VERSION: ClassVar[int] = 2
    judge: str
    problem_id: str
    sample_id: str
    index: int
    messages: tuple[Message, ...]
    text: str
    score: float | None
    other_id: str | None = None
    note: str | None = None
    missing: str | None = None


def judgement_id(row: Judgement) -> str:
    """`SAMPLE_ID#index`."""
    return f"{row.sample_id}#{row.index}"
