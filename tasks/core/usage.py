"""What a stage used: tokens that models wrote for it, given tokens that they read, and texts that went in circles. Part
of its step's summary.

Whoever asked first: an answer that lay in the store counts as one that was just given, so that the same step says the
same number after a kill, and a budget means the same for the first method on a base and for the second.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tasks.core.answer_rows import REPEATING, Absent
from tasks.core.hash_set import HashSet
from tasks.core.services import Service

TOKENS = "tokens_"
WRITTEN, READ = f"{TOKENS}written", f"{TOKENS}read"
NUM_REPEATING = "num_repeating"
"""texts that were ended because they said the same over and over; they count among the truncated ones, too"""

OF_STAGE = (WRITTEN, READ, NUM_REPEATING)
"""what a report says of each stage apart"""


class Usage:
    """Tokens of one stage; every question and draw counts once."""

    def __init__(self) -> None:
        self._spent: Counter[str] = Counter()
        self._seen = HashSet()

    def add(self, service: Service[Any, Any, Any], folder: str, rows: Sequence[Any]) -> None:
        """Count the answers of one question.

        Args:
            folder: of the one who answered.
        """
        if service.spends is None:
            return
        for row in rows:
            if isinstance(row, Absent) or not self._seen.add(hash((folder, row.question, row.draw))):
                continue
            self._spent[TOKENS + service.spends] += row.num_tokens
            if getattr(row, "finish_reason", None) == REPEATING:
                self._spent[NUM_REPEATING] += 1

    def added_to(self, summary: Mapping[str, Any]) -> dict[str, Any]:
        """A step's summary with these numbers, on top of what it counted itself; nothing is added that is zero."""
        return {**summary, **{name: summary.get(name, 0) + number for name, number in self._spent.items()}}
