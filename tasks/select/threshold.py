"""Component `threshold`: keep samples that a judge scores at least `at_least`, or strictly above `above`.

B-STaR (arXiv 2412.17256) keeps rewards strictly above tau; `above: calibrated` is replaced by the round's number
before components run (`resolve.py`). A missing score is never a zero: such samples are dropped for what the judge said
(truncated, unparseable, verifier_error), or as unscored.
"""

from __future__ import annotations

from collections.abc import Sequence

from configs.schema.select import Threshold
from tasks.core.records import DropReason, Verdict
from tasks.select.filters.filter import Candidate, Draw
from tasks.select.judged import without_score


def keep(group: Sequence[Candidate], config: Threshold, draw: Draw) -> list[DropReason | None]:
    """None where the score reaches the limit."""
    return [_refuse(candidate.verdict(config.judge), config) for candidate in group]


def _refuse(verdict: Verdict, config: Threshold) -> DropReason | None:
    if (reason := without_score(verdict)) is not None or verdict.score is None:
        return reason
    if config.at_least is not None:
        is_kept = verdict.score >= config.at_least
    else:
        assert isinstance(config.above, float | int), "the calibrated threshold was filled in"
        is_kept = verdict.score > config.above
    return None if is_kept else DropReason.BELOW_THRESHOLD
