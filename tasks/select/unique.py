"""Component `unique`: keep the first of several samples of a problem with the same text."""

from __future__ import annotations

from collections.abc import Sequence

from configs.schema.select import Unique
from tasks.core.records import DropReason
from tasks.select.filters.filter import Candidate, Draw


def keep(group: Sequence[Candidate], config: Unique, draw: Draw) -> list[DropReason | None]:
    """None for the first sample of each text; white space at the ends does not count."""
    seen: set[str] = set()
    reasons: list[DropReason | None] = []
    for candidate in group:
        text = candidate.sample.text.strip()
        reasons.append(DropReason.DUPLICATE if text in seen else None)
        seen.add(text)
    return reasons
