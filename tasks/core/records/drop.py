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
    PROBLEM_SCORE = "problem_score"
    """what a judge says of the whole problem lies outside of the limits"""
    WRONG_EQUATION = "wrong_equation"
    """an equation in the text does not hold"""
    SAME_EQUATIONS = "same_equations"
    """another sample of the problem with the same equations was kept"""
    OUTSIDE_SHARE = "outside_share"
    """others of the round score better, and only a share is kept"""
    OUTSIDE_TOP = "outside_top"
    """others have better scores"""
    HINT_SHOWS = "hint_shows"
    """a guided sample gives the hint away"""
    REVISED = "revised"
    """another attempt was written after it, and chains are written whole"""
    WRONG_MOVE = "wrong_move"
    """what became right or wrong in its chain is not what is wanted"""
    NO_GAIN = "no_gain"
    """it is no better than the attempt before it, or there is none"""
    FALSE_VERDICT = "false_verdict"
    """a verdict in its chain says otherwise than the judge, or there is none"""
    UNCONFIRMED = "unconfirmed"
    """the last verdict of its chain does not say that it is right"""
    NO_RECOVERY = "no_recovery"
    """what was said before it helped too seldom, or it was not wrong without"""
    ORDER = "order"
    """the parts of its chain do not stand in the order that is wanted"""
    CUT = "cut"
    """the chain is cut at an earlier attempt"""
    OUTSIDE_RATE = "outside_rate"
    """too few or too many of the problem's first attempts are right"""
    CALLS = "calls"
    """code was run too often or too seldom in its chain"""
    SAME_GROUP = "same_group"
    """another one of its kind was kept"""
    UNBALANCED = "unbalanced"
    """there are more of its kind than of the other"""
    LEAK = "leak"
    """a text around its attempts holds the gold answer, or a word that gives help away"""
    UNMIRRORED = "unmirrored"
    """a critique does not go through the steps of its attempt"""
    DISORDERED = "disordered"
    """judges do not score it in the order that its draw should give"""
    BELOW_MEAN = "below_mean"
    """others of its draw score better on average"""
    NO_PARTNER = "no_partner"
    """the other draws of the problem, which it is looked at together with, are not all there, or were dropped"""
    NO_ROW = "no_row"
    """its chain lacks a part that a row is made of, or carries no loss"""
    FLAT = "flat"
    """online: all returns of its group are equal, and others were drawn in its place"""
    SURPLUS = "surplus"
    """online: its wave was full before"""
    FEW_VOTES = "few_votes"
    """online: the voters of its group agree less than those of others"""
    NO_CREDIT = "no_credit"
    """online: credit goes to other texts of its group: it is shared, of another part, a control, or not the best"""
    NOT_PAIRED = "not_paired"
    """it passed every filter, and no pair was made with it"""


@dataclass(frozen=True, slots=True)
class Drop:
    """A sample that was not kept, and why (a `DropReason`)."""

    VERSION: ClassVar[int] = 1
    sample_id: str
    problem_id: str
    reason: str
