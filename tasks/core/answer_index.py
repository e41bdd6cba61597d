"""Which shard answers which draws of a question: 20 bytes a question, since a round may ask millions. Pure.

A question is known by the first 64 bits of its digest: among a million two agree once in thirty million rounds.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

NUM_RECENT, RECENT_SHARE = 1 << 13, 16
"""entries that are held one by one before they are sorted among the others: so many, or a sixteenth of those, so that
sorting stays linear"""


class Place(NamedTuple):
    """Draws `first` to `first + number - 1`, in a shard."""

    shard: int
    first: int
    number: int

    @property
    def draws(self) -> range:
        return range(self.first, self.first + self.number)


class AnswerIndex:
    """Places by question, in the order in which they were added."""

    def __init__(self) -> None:
        self._recent: dict[int, tuple[tuple[int, int, int], ...]] = {}
        self._num_recent = 0
        self._questions = np.zeros(0, dtype=np.uint64).data
        self._places = np.zeros((0, 3), dtype=np.int32)

    def add(self, shard: int, answers: Iterable[tuple[str, int, int]]) -> None:
        """Enter a shard.

        Args:
            answers: (digest of the question, hexadecimal, first draw, number of draws) each.
        """
        recent = self._recent
        for question, first, number in answers:
            short, place = _short(question), (shard, first, number)
            recent[short] = (*recent[short], place) if short in recent else (place,)
            self._num_recent += 1
        if self._num_recent >= max(NUM_RECENT, len(self._questions) // RECENT_SHARE):
            self._sort_in()

    def find(self, question: str) -> Sequence[Place]:
        """The places that answer a question."""
        wanted = _short(question)
        at = bisect_left(self._questions, wanted)
        is_sorted_in = at < len(self._questions) and self._questions[at] == wanted
        if not is_sorted_in and wanted not in self._recent:
            return ()
        found = []
        while at < len(self._questions) and self._questions[at] == wanted:
            found.append(Place(*map(int, self._places[at])))
            at += 1
        return [*found, *(Place(*place) for place in self._recent.get(wanted, ()))]

    def _sort_in(self) -> None:
        """Put the recent ones among the others, where nothing but the result is held twice."""
        recent = [(question, place) for question in sorted(self._recent) for place in self._recent[question]]
        self._recent, self._num_recent = {}, 0
        new = np.array([question for question, _ in recent], dtype=np.uint64)
        at = np.searchsorted(np.asarray(self._questions), new, side="right")
        self._questions = np.insert(np.asarray(self._questions), at, new).data
        self._places = np.insert(self._places, at, np.array([place for _, place in recent], dtype=np.int32), axis=0)


def _short(question: str) -> int:
    return int(question[:16], 16)
