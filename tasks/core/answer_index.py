"""Which shard answers which draws of a question: 20 bytes a question, since a round may ask millions. Pure.

A question is known by the first 64 bits of its digest: among a million two agree once in thirty million rounds.
"""

from __future__ import annotations

from array import array
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
        self._questions = array("Q")
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
        recent = [(question, place) for question, places in self._recent.items() for place in places]
        questions = np.concatenate(
            [np.frombuffer(self._questions, dtype=np.uint64), np.array([one for one, _ in recent], dtype=np.uint64)]
        )
        places = np.concatenate([self._places, np.array([place for _, place in recent], dtype=np.int32)])
        order = np.argsort(questions, kind="stable")
        self._questions, self._places = array("Q", questions[order].tobytes()), places[order]
        self._recent, self._num_recent = {}, 0


def _short(question: str) -> int:
    return int(question[:16], 16)
