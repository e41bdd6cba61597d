"""Why a sample did not become a row of training."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class DropReason(StrEnum):
    """Why a sample was not kept. One reason a sample: the first component that refused it."""

    WRONG = "wrong"
    UNPARSEABLE = "unparseable"
    TRUNCATED = "truncated"
    VERIFIER_ERROR = "verifier_error"
    MISSING = "missing"
    """the judge was asked, and has no answer"""
    UNSCORED = "unscored"
    """the threshold or correct component found no score or no label to go by"""
    BELOW_THRESHOLD = "below_threshold"
    OVER_CAP = "over_cap"
    """enough samples of the same problem were kept already"""
    DUPLICATE = "duplicate"
    """an earlier sample of the same problem has the same text"""
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    ONE_SIDED = "one_sided"
    """all samples of the problem are right, or all wrong"""
    WRONG_EQUATION = "wrong_equation"
    """an equation in the text does not hold"""
    SAME_EQUATIONS = "same_equations"
    """another sample of the problem with the same equations was kept"""
    OUTSIDE_SHARE = "outside_share"
    """others of the round score better, and only a share is kept"""
    HINT_SHOWS = "hint_shows"
    """a guided sample gives the hint away"""
    NO_ROW = "no_row"
    """its chain lacks a part that a row is made of, or carries no loss"""
    NOT_PAIRED = "not_paired"
    """it passed every filter, and no pair was made with it"""


@dataclass(frozen=True, slots=True)
class Drop:
    """A sample that was not kept, and why (a `DropReason`)."""

    VERSION: ClassVar[int] = 1
    sample_id: str
    problem_id: str
    reason: str
