"""Component `drop_truncated`: drop samples that ended at max_tokens."""

from __future__ import annotations

from collections.abc import Sequence

from configs.schema.select import DropTruncated
from tasks.core.records import DropReason
from tasks.select.filters.filter import Candidate, Draw


def keep(group: Sequence[Candidate], config: DropTruncated, draw: Draw) -> list[DropReason | None]:
    """None for samples that the model, or a stop text, ended."""
    return [DropReason.TRUNCATED if candidate.sample.is_truncated else None for candidate in group]
