"""A job whose requests are with an engine that works on many at a time. Used by `vllm_runner.py`, `server_live.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from infra.engines.wire import Job, Missing


@dataclass(slots=True)
class OpenJob:
    """What was asked, and what is answered of it.

    Attributes:
        asked: (request, number of the draw) of each draw of a shard; of other jobs each scoring; or a Missing.
        given: for each draw the tokens of its prefix, for each scoring those before the completion.
        rows: answers, which fill up in any order.
    """

    job: Job
    asked: list[Any]
    given: list[list[int]]
    rows: list[Any]
    num_open: int

    @classmethod
    def of(cls, job: Job, asked: list[Any], given: list[list[int]]) -> Self:
        """A job of which nothing is answered but what cannot be asked."""
        rows = [one if isinstance(one, Missing) else None for one in asked]
        return cls(job, asked, given, rows, rows.count(None))

    def answer(self, place: int, row: Any) -> None:
        self.rows[place] = row
        self.num_open -= 1
