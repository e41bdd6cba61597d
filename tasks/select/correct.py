"""Component `correct`: keep samples that a judge calls correct; the others are dropped for what the judge said."""

from __future__ import annotations

from collections.abc import Sequence

from configs.schema.select import Correct
from tasks.core.records import DropReason, Label
from tasks.select.filters.filter import Candidate, Draw


def keep(group: Sequence[Candidate], config: Correct, draw: Draw) -> list[DropReason | None]:
    """None where the label is `correct`, else the drop reason of the label's name."""
    labels = [candidate.verdict(config.judge).label for candidate in group]
    return [None if label == Label.CORRECT else DropReason(label) for label in labels]
