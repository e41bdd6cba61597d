"""Component `length`: keep samples whose number of tokens, the end token included, lies in a window."""

from __future__ import annotations

from collections.abc import Sequence

from configs.schema.select import LengthWindow
from tasks.core.records import DropReason
from tasks.select.filters.filter import Candidate, Draw


def keep(group: Sequence[Candidate], config: LengthWindow, draw: Draw) -> list[DropReason | None]:
    """None from `min_tokens` to `max_tokens`, both included."""
    return [_refuse(candidate.sample.num_tokens, config) for candidate in group]


def _refuse(num_tokens: int, config: LengthWindow) -> DropReason | None:
    if num_tokens < config.min_tokens:
        return DropReason.TOO_SHORT
    is_too_long = config.max_tokens is not None and num_tokens > config.max_tokens
    return DropReason.TOO_LONG if is_too_long else None
