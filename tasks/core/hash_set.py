"""A set of hashes in 8 bytes each, where Python's own takes 80: a round may ask millions of questions. Pure."""

from __future__ import annotations

from bisect import bisect_left

import numpy as np

NUM_RECENT, RECENT_SHARE = 1 << 13, 16
"""hashes that are held one by one before they are sorted among the others: so many, or a sixteenth of those, so that
sorting stays linear"""


class HashSet:
    """Hashes of 64 bits, as `hash` gives them."""

    def __init__(self) -> None:
        self._recent: set[int] = set()
        self._sorted = np.zeros(0, dtype=np.int64).data

    def __len__(self) -> int:
        return len(self._recent) + len(self._sorted)

    def __contains__(self, one: int) -> bool:
        at = bisect_left(self._sorted, one)
        return one in self._recent or (at < len(self._sorted) and self._sorted[at] == one)

    def add(self, one: int) -> bool:
        """Put one in; False where it was there."""
        if one in self:
            return False
        self._recent.add(one)
        if len(self._recent) >= max(NUM_RECENT, len(self._sorted) // RECENT_SHARE):
            new = np.array(sorted(self._recent), dtype=np.int64)
            known = np.asarray(self._sorted)
            self._sorted = np.insert(known, np.searchsorted(known, new), new).data
            self._recent = set()
        return True
