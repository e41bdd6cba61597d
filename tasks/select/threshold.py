"""Component `threshold`: keep samples that a judge scores at least `at_least`.

A missing score is never a zero: such samples are dropped for what the judge said (truncated, unparseable,
verifier_error), or as unscored.
"""

from __future__ import annotations

from collections.abc import Sequence

from configs.schema.select import Threshold
from tasks.records import DropReason, Label, Verdict
from tasks.select.candidate import Candidate, Draw

_WITHOUT_SCORE = (Label.TRUNCATED, Label.UNPARSEABLE, Label.VERIFIER_ERROR)


def keep(group: Sequence[Candidate], config: Threshold, draw: Draw) -> list[DropReason | None]:
    """None where the score is `at_least` or above."""
    return [_refuse(candidate.verdict(config.judge), config.at_least) for candidate in group]


def _refuse(verdict: Verdict, at_least: float) -> DropReason | None:
    if verdict.score is None:
        return DropReason(verdict.label) if verdict.label in _WITHOUT_SCORE else DropReason.UNSCORED
    return None if verdict.score >= at_least else DropReason.BELOW_THRESHOLD
