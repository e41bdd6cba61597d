"""What a stage used: tokens that models wrote for it, and given tokens that they read. Part of its step's summary.

Whoever asked first: an answer that lay in the store counts as one that was just given, so that the same step says the
same number after a kill, and a budget means the same for the first method on a base and for the second.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tasks.core.services import Absent, Service

TOKENS = "tokens_"
WRITTEN, READ = f"{TOKENS}written", f"{TOKENS}read"


class Usage:
    """Tokens of one stage; every question and draw counts once. 64 bytes of memory an answer."""

    def __init__(self) -> None:
        self._spent: Counter[str] = Counter()
        self._seen: set[int] = set()

    def add(self, service: Service[Any, Any], folder: str, rows: Sequence[Any]) -> None:
        """Count the answers of one question.

        Args:
            folder: of the one who answered.
        """
        if service.spends is None:
            return
        for row in rows:
            place = hash((folder, row.question, row.draw))
            if isinstance(row, Absent) or place in self._seen:
                continue
            self._seen.add(place)
            self._spent[TOKENS + service.spends] += row.num_tokens

    def added_to(self, summary: Mapping[str, Any]) -> dict[str, Any]:
        """A step's summary with these numbers, on top of what it counted itself; nothing is added that is zero."""
        return {**summary, **{name: summary.get(name, 0) + number for name, number in self._spent.items()}}
