"""The filters that are one thought each. Those with a paper, or a calculation, have a file of their own.

Each is given the candidates of one problem that the filters before left, and says of each why it is refused, or None.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

from configs.schema.select import (
    BothOutcomes,
    Correct,
    DropTruncated,
    Judged,
    KeepProblem,
    LengthWindow,
    Threshold,
    Unique,
)
from tasks.core.joined import Candidate
from tasks.core.records import DropReason, Label, Sample, Verdict
from tasks.select.filters.filter import Draw

_WITHOUT_OPINION = (Label.TRUNCATED, Label.UNPARSEABLE, Label.VERIFIER_ERROR, Label.MISSING)


def correct(group: Sequence[Candidate], config: Correct, draw: Draw) -> list[DropReason | None]:
    """Samples that a judge calls correct stay; the others go for what the judge said."""
    labels = [candidate.verdict(config.judge).label for candidate in group]
    return [None if label == Label.CORRECT else DropReason(label) for label in labels]


def judged(group: Sequence[Candidate], config: Judged, draw: Draw) -> list[DropReason | None]:
    """Samples on which a judge has an opinion stay, right, wrong or a score: for pairs, which need both sides."""
    return [_without_opinion(candidate.verdict(config.judge)) for candidate in group]


def threshold(group: Sequence[Candidate], config: Threshold, draw: Draw) -> list[DropReason | None]:
    """Samples with a score of at least `at_least`, or strictly above `above` as in B-STaR (arXiv 2412.17256), stay.

    `above: calibrated` was replaced by the round's number before (`defaults.py`). A missing score is never a zero.
    """
    return [_below(candidate.verdict(config.judge), config) for candidate in group]


def both_outcomes(group: Sequence[Candidate], config: BothOutcomes, draw: Draw) -> list[DropReason | None]:
    """Problems with a correct and a wrong sample stay, whole (EAST, arXiv 2503.23913).

    Where the code differs from the paper's:
    1. Only an answer that was read and compared counts as wrong: a problem with correct and unparseable samples alone
       is refused.
    2. It looks at what the filters before it left: write it before `correct`, which leaves no wrong sample.
    """
    labels = {candidate.verdict(config.judge).label for candidate in group}
    has_both = Label.CORRECT in labels and Label.WRONG in labels
    return [None if has_both else DropReason.ONE_SIDED] * len(group)


def keep_problem(group: Sequence[Candidate], config: KeepProblem, draw: Draw) -> list[DropReason | None]:
    """Problems whose mean score lies from `at_least` to `at_most`, ends included, stay whole.

    Where no sample of the problem has a score, each goes for what the judge said of it.
    """
    verdicts = [candidate.verdict(config.judge) for candidate in group]
    scores = [verdict.score for verdict in verdicts if verdict.score is not None]
    if not scores:
        return [without_score(verdict) for verdict in verdicts]
    low = -math.inf if config.at_least is None else config.at_least
    high = math.inf if config.at_most is None else config.at_most
    is_kept = low <= fmean(scores) <= high
    return [None if is_kept else DropReason.PROBLEM_SCORE] * len(group)


def unique(group: Sequence[Candidate], config: Unique, draw: Draw) -> list[DropReason | None]:
    """The first of several samples with the same text stays; white space at the ends does not count."""
    texts = [candidate.sample.text.strip() for candidate in group]
    return [DropReason.DUPLICATE if text in texts[:place] else None for place, text in enumerate(texts)]


def length(group: Sequence[Candidate], config: LengthWindow, draw: Draw) -> list[DropReason | None]:
    """Samples of `min_tokens` to `max_tokens` tokens, both included and the end token counted, and of `min_chars` to
    `max_chars` characters stay."""
    return [_outside(candidate.sample, config) for candidate in group]


def drop_truncated(group: Sequence[Candidate], config: DropTruncated, draw: Draw) -> list[DropReason | None]:
    """Samples that the model, or a stop text, ended stay."""
    return [DropReason.TRUNCATED if candidate.sample.is_truncated else None for candidate in group]


def without_score(verdict: Verdict) -> DropReason | None:
    """Why there is no score to go by, or None where there is one. A missing score is never a zero."""
    if verdict.label in _WITHOUT_OPINION:
        return DropReason(verdict.label)
    return DropReason.UNSCORED if verdict.score is None else None


def _without_opinion(verdict: Verdict) -> DropReason | None:
    return None if verdict.label in (Label.CORRECT, Label.WRONG) else without_score(verdict)


def _below(verdict: Verdict, config: Threshold) -> DropReason | None:
    if (reason := without_score(verdict)) is not None or verdict.score is None:
        return reason
    if config.at_least is not None:
        is_kept = verdict.score >= config.at_least
    else:
        assert isinstance(config.above, float | int), "the calibrated threshold was filled in"
        is_kept = verdict.score > config.above
    return None if is_kept else DropReason.BELOW_THRESHOLD


def _outside(sample: Sample, config: LengthWindow) -> DropReason | None:
    num_tokens, num_chars = sample.num_tokens, len(sample.text)
    if num_tokens < config.min_tokens or num_chars < config.min_chars:
        return DropReason.TOO_SHORT
    most_tokens, most_chars = (math.inf if most is None else most for most in (config.max_tokens, config.max_chars))
    return DropReason.TOO_LONG if num_tokens > most_tokens or num_chars > most_chars else None
