"""Which session works on which job, and what becomes of jobs whose process ended. Used by `local_pool.py`. Pure.

A job whose process ended is given to another session, or to the same one once it has started again. The job that was at
work is a *suspect*: it waits until nothing else is left and then runs alone. One that ends a second process is halved,
and each half that ends one more is halved again; a request that ends two processes alone has no answer (`Missing`), and
the rest of its job is answered.

A session may end three times in a row, without any answer in between; the next time is the run's end. The hunt for one
request in a job of n takes log2(n) + 1 ends more, and may have them.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from infra.engines.wire import Job, Missing, MissingReason, Row, halves, missing_draws

MAX_RESTARTS = 3
NUM_ENDED = 2
"""processes that a job may end until it is halved"""

AHEAD_JOBS = 2
AHEAD_WIDTHS = 2
"""What each session has waiting, at least, so that it never idles at the border of two jobs: two jobs, and sequences
for twice what the engine works on together."""

Answered = tuple[Job, list[Row]]


@dataclass(eq=False)
class Piece:
    """A job of the caller, or a part of one.

    Attributes:
        whole: the caller's job; None: this is it.
        is_suspect: a process ended while it was at work, perhaps among others.
        num_ended: processes that ended while it alone was at work; a half of more than one request begins with one.
        rows: its answers, once it has them; a piece with halves has theirs.
    """

    job: Job
    whole: Piece | None = None
    is_suspect: bool = False
    num_ended: int = 0
    rows: list[Row] | None = None
    halves: list[Piece] = field(default_factory=list)

    @property
    def is_answered(self) -> bool:
        return self.rows is not None or (bool(self.halves) and all(half.is_answered for half in self.halves))

    def all_rows(self) -> list[Row]:
        """In the order of the requests."""
        return [row for half in self.halves for row in half.all_rows()] if self.rows is None else self.rows


class Schedule:
    """The jobs of one call over the sessions of a pool, which are numbered from 0.

    Args:
        width: sequences that a session works on together.
        works_together: a session works on all its jobs at a time, so that any of them may have ended it.

    Attributes:
        fatal: the first row of each request that ended processes, in the order in which they were found.
    """

    def __init__(self, jobs: Iterable[Job], num_sessions: int, width: int, *, works_together: bool) -> None:
        self.fatal: list[Missing] = []
        self._new = iter(jobs)
        self._again: deque[Piece] = deque()
        self._suspects: deque[Piece] = deque()
        self._held: list[dict[str, Piece]] = [{} for _ in range(num_sessions)]
        self._names: set[str] = set()
        self._width, self._works_together = width, works_together

    @property
    def is_busy(self) -> bool:
        """Whether something is not answered, of what was taken from the caller."""
        return bool(self._again or self._suspects or any(self._held))

    def assign(self) -> tuple[int, Job] | None:
        """The session that should get a job now, and the job; None: all have enough, or nothing is left to give.

        Raises:
            ValueError: a job under way has this job's name.
        """
        open_ones = [number for number in range(len(self._held)) if not self._holds_suspect(number)]
        number = min(open_ones, key=self._num_sequences, default=None)
        if number is None or self._is_fed(number):
            return None
        piece = self._again.popleft() if self._again else self._take_new()
        if piece is None:  # what is left are suspects, each of which runs alone
            if not self._suspects or self._held[number]:
                return None
            piece = self._suspects.popleft()
        self._held[number][piece.job.name] = piece
        return number, piece.job

    def finish(self, number: int, name: str, rows: list[Row]) -> Answered | None:
        """A session answered a piece; returns the caller's job where that is answered now."""
        piece = self._held[number].pop(name)
        piece.rows = rows
        return self._answered(piece)

    def lose(self, number: int, reason: str) -> tuple[Answered | None, int]:
        """A session's process ended.

        Returns:
            The caller's job, where giving a request up made it answered; and how often the session may end in a
            row.
        """
        held = list(self._held[number].values())
        self._held[number].clear()
        blamed = held if self._works_together else held[:1]
        self._again.extendleft(reversed(held[len(blamed) :]))
        limit, answered = MAX_RESTARTS, None
        for piece in blamed:
            piece.is_suspect = True
            piece.num_ended += len(blamed) == 1
            if piece.num_ended < NUM_ENDED:
                self._suspects.append(piece)
                continue
            answered = self._narrow(piece, reason)
        limit += max((_ends_of_hunt(piece.whole) for piece in blamed if piece.whole is not None), default=0)
        return answered, limit

    def held_names(self, number: int) -> list[str]:
        """Names of the jobs that a session has."""
        return list(self._held[number])

    def _narrow(self, piece: Piece, reason: str) -> Answered | None:
        """Halve what ended two processes; a single request is given up."""
        if len(piece.job.requests) > 1:
            whole = piece.whole or piece
            piece.halves = [
                Piece(half, whole, is_suspect=True, num_ended=NUM_ENDED - 1 if len(half.requests) > 1 else 0)
                for half in halves(piece.job)
            ]
            self._suspects.extend(piece.halves)
            return None
        rows = missing_draws(piece.job.requests[0], MissingReason.FATAL, f"it ends the engine's process ({reason})")
        self.fatal += rows[:1]
        piece.rows = list(rows)
        return self._answered(piece)

    def _answered(self, piece: Piece) -> Answered | None:
        whole = piece.whole or piece
        if not whole.is_answered:
            return None
        self._names.remove(whole.job.name)
        return whole.job, whole.all_rows()

    def _take_new(self) -> Piece | None:
        job = next(self._new, None)
        if job is None:
            return None
        if job.name in self._names:
            raise ValueError(f"a job called '{job.name}' is under way")
        self._names.add(job.name)
        return Piece(job)

    def _holds_suspect(self, number: int) -> bool:
        return any(piece.is_suspect for piece in self._held[number].values())

    def _num_sequences(self, number: int) -> int:
        return sum(piece.job.num_samples for piece in self._held[number].values())

    def _is_fed(self, number: int) -> bool:
        return len(self._held[number]) >= AHEAD_JOBS and self._num_sequences(number) >= AHEAD_WIDTHS * self._width


def _ends_of_hunt(whole: Piece) -> int:
    """Processes that the hunt for one request of a job ends, beside the job's own two."""
    return math.ceil(math.log2(len(whole.job.requests))) + 1
