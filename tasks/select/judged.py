"""Component `judged`: keep samples on which a judge has an opinion, good or bad. For pairs, which need both.

Called through `registry.py`. The reasons of missing opinions are shared with `threshold.py` and `best_share.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from configs.schema.select import Judged
from tasks.core.records import DropReason, Label, Verdict
from tasks.select.filters.filter import Candidate, Draw

_WITHOUT_OPINION = (Label.TRUNCATED, Label.UNPARSEABLE, Label.VERIFIER_ERROR)


def keep(group: Sequence[Candidate], config: Judged, draw: Draw) -> list[DropReason | None]:
    """None where the judge called right or wrong, or gave a score; else the drop reason of the label's name."""
    return [_refuse(candidate.verdict(config.judge)) for candidate in group]


def _refuse(verdict: Verdict) -> DropReason | None:
    if verdict.label in (Label.CORRECT, Label.WRONG):
        return None
    return without_score(verdict)


def without_score(verdict: Verdict) -> DropReason | None:
    """Why there is no score to go by, or None where there is one. A missing score is never a zero."""
    if verdict.label in _WITHOUT_OPINION:
        return DropReason(verdict.label)
    return DropReason.UNSCORED if verdict.score is None else None
