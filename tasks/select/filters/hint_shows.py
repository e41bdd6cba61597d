"""Filter `hint_shows`: samples drawn with help that give the help away go.

STaR (arXiv 2203.14465) removes the hint from the prompt before training; a text that mentions it would teach the model
to speak of hints nobody gave. A recipe with a guide has this filter before all others, with the guide's `leak_words`
(`tasks/select/defaults.py`), and one with draws that have `leak_words`, once for each of these. Only what the model
wrote is searched, not the given beginning.

Words are found as words: `hint` in `Hints:` and in `the hint`, not in `Hinton`. White space of any kind is one blank.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from configs.schema.select import HintShows
from tasks.core.joined import Candidate
from tasks.core.records import DropReason
from tasks.select.filters.filter import Draw


def keep(group: Sequence[Candidate], config: HintShows, draw: Draw) -> list[DropReason | None]:
    """hint_shows for samples drawn with help with one of the words, in any case of letters."""
    pattern = find_words(config.words)
    return [_refuse(candidate, pattern) if _is_searched(candidate, config) else None for candidate in group]


def find_words(words: Sequence[str]) -> re.Pattern[str]:
    """A pattern that finds each of the words as a word, or its plural, in a casefolded text."""
    spelled = sorted({r"\s+".join(map(re.escape, word.casefold().split())) for word in words if word.strip()})
    return re.compile(rf"(?<!\w)(?:{'|'.join(spelled)})(?:s|'s|\u2019s)?(?!\w)" if spelled else r"(?!)")


def _is_searched(candidate: Candidate, config: HintShows) -> bool:
    return candidate.is_guided if config.draw is None else candidate.sample.draw == config.draw


def _refuse(candidate: Candidate, pattern: re.Pattern[str]) -> DropReason | None:
    written = candidate.sample.text.removeprefix(candidate.sample.prefix).casefold()
    return DropReason.HINT_SHOWS if pattern.search(written) else None
