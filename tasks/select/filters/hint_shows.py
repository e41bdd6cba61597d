"""Filter `hint_shows`: samples drawn with help that give the help away go.

STaR (arXiv 2203.14465) removes the hint from the prompt before training; a text that mentions it would teach the model
to speak of hints nobody gave. A recipe with a guide has this filter before all others, with the guide's `leak_words`
(`tasks/select/defaults.py`). Only what the model wrote is searched, not the given beginning.
"""

from __future__ import annotations

from collections.abc import Sequence

from configs.schema.select import HintShows
from tasks.core.joined import Candidate
from tasks.core.records import DropReason
from tasks.select.filters.filter import Draw


def keep(group: Sequence[Candidate], config: HintShows, draw: Draw) -> list[DropReason | None]:
    """hint_shows for samples drawn with help with one of the words, in any case of letters."""
    words = [word.casefold() for word in config.words]
    return [_refuse(candidate, words) for candidate in group]


def _refuse(candidate: Candidate, words: list[str]) -> DropReason | None:
    if not candidate.is_guided:
        return None
    written = candidate.sample.text.removeprefix(candidate.sample.prefix).casefold()
    return DropReason.HINT_SHOWS if any(word in written for word in words) else None
