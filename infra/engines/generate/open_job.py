"""A job whose requests are with an engine that works on many at a time. Used by `vllm_runner.py`, `server_live.py`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Self

from infra.engines.questions import Missing
from infra.engines.wire import Job


@dataclass(slots=True)
class OpenJob:
    """What was asked, and what is answered of it.

    Attributes:
        asked: (request, number of the draw) of each draw of a shard; of other jobs each scoring; or a Missing.
        given: for each draw the tokens of its prefix, for each scoring those before the completion.
        rows: answers, which fill up in any order.
        together: places that one request asks for, each with its token, by the first of them; all others are asked
            for one by one.
    """

    job: Job
    asked: list[Any]
    given: list[list[int]]
    rows: list[Any]
    num_open: int
    together: dict[int, dict[int, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, job: Job, asked: list[Any], given: list[list[int]]) -> Self:
        """A job of which nothing is answered but what cannot be asked."""
        rows = [one if isinstance(one, Missing) else None for one in asked]
        return cls(job, asked, given, rows, rows.count(None))

    def group(self, groups: Iterable[dict[int, int]]) -> None:
        """Ask for these places together; each has its token."""
        self.together = {next(iter(group)): group for group in groups if len(group) > 1}

    def leading(self) -> Iterator[int]:
        """Open places that a request of their own asks for, with others or alone."""
        led = {place for first, group in self.together.items() for place in group if place != first}
        return (place for place, row in enumerate(self.rows) if row is None and place not in led)

    def answer(self, place: int, row: Any) -> None:
        self.rows[place] = row
        self.num_open -= 1
