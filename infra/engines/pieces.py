"""Jobs in pieces: what a session is given at a time, and how the answers of pieces become those of a job. Pure.

A job is cut where there are several sessions, so that all of them end together; a piece that ends processes is halved.
Either way a piece holds whole requests, and what is drawn depends on the request alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from infra.engines.questions import Row
from infra.engines.wire import Job, halves

SEQUENCES_TOGETHER, SEQUENCES_IN_TURN = 64, 256
"""a piece for an engine that works on all its jobs at a time, and for one that takes them in turn, in whole batches"""


@dataclass(eq=False)
class Piece:
    """A job of the caller, or a part of one.

    Attributes:
        whole: the caller's job; None: this is it.
        is_suspect: a process ended while it was at work, perhaps among others.
        num_ended: processes that ended while it alone was at work; a half of more than one request begins with one.
        num_machines: machines that were lost with it.
        num_hunted: requests of the piece of which this is a half, a quarter ..., since it ended processes; else 0.
        num_done: sequences that are finished; it is not told which.
        given_at: when a session got it.
        holders: sessions that have it; more than one where it is late, and others work on copies.
        rows: its answers, once it has them; a piece with parts has theirs.
    """

    job: Job
    whole: Piece | None = None
    is_suspect: bool = False
    num_ended: int = 0
    num_machines: int = 0
    num_hunted: int = 0
    num_done: int = 0
    given_at: float = 0.0
    holders: list[int] = field(default_factory=list)
    rows: list[Row] | None = None
    parts: list[Piece] = field(default_factory=list)

    @property
    def is_answered(self) -> bool:
        return self.rows is not None or (bool(self.parts) and all(part.is_answered for part in self.parts))

    @property
    def num_unfinished(self) -> int:
        """Sequences that are still to be worked on."""
        return self.job.num_samples - self.num_done

    def all_rows(self) -> list[Row]:
        """In the order of the requests."""
        return [row for part in self.parts for row in part.all_rows()] if self.rows is None else self.rows

    def halve(self) -> list[Piece]:
        """Two suspects of half the requests each; of two requests or more."""
        whole, hunted = self.whole or self, self.num_hunted or len(self.job.requests)
        self.parts = [
            Piece(half, whole, True, num_ended=1 if len(half.requests) > 1 else 0, num_hunted=hunted)
            for half in halves(self.job)
        ]
        return self.parts


def piece_size(width: int, works_together: bool) -> int:
    """Sequences of a piece, for an engine that works on `width` of them together."""
    return SEQUENCES_TOGETHER if works_together else width * max(1, SEQUENCES_IN_TURN // width)


def cut(job: Job, num_sequences: int | None) -> Piece:
    """A job as a piece, with parts of about so many sequences where it has more than one and a half times as many.

    Args:
        num_sequences: None: it stays whole.
    """
    whole = Piece(job)
    if num_sequences is None or job.num_samples <= 1.5 * num_sequences:
        return whole
    parts: list[list[Any]] = [[]]
    num_held = 0
    for request in job.requests:
        if num_held >= num_sequences:
            parts.append([])
            num_held = 0
        parts[-1].append(request)
        num_held += getattr(request, "num_samples", 1)
    if len(parts) > 1:
        asked: Iterator[Any] = map(tuple, parts)
        jobs = (replace(job, name=f"{job.name}/{number}", requests=part) for number, part in enumerate(asked))
        whole.parts = [Piece(part, whole) for part in jobs]
    return whole
