"""Guided samples that give their hint away are dropped before any component of `select` acts.

STaR (arXiv 2203.14465) removes the hint from the prompt before training; a text that mentions it would teach the model
to speak of hints nobody gave. Only what the model wrote is searched, not the given beginning. Called by `select.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from configs.schema.generate import Guide
from tasks.core.records import DropReason
from tasks.select.filters.filter import Candidate, Draw


def keep(group: Sequence[Candidate], config: Guide, draw: Draw) -> list[DropReason | None]:
    """hint_shows for hinted and guided samples with one of the leak words, in any case of letters."""
    words = [word.casefold() for word in config.leak_words]
    return [_refuse(candidate, words) for candidate in group]


def _refuse(candidate: Candidate, words: list[str]) -> DropReason | None:
    if not candidate.is_guided:
        return None
    written = candidate.sample.text.removeprefix(candidate.sample.prefix).casefold()
    return DropReason.HINT_SHOWS if any(word in written for word in words) else None
