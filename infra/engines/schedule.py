"""Which session works on which job, and what becomes of jobs whose process ended or is late. Pure.

Used by `local_pool.py`, and by `benchmarks/scale.py`, which drives it with a clock of its own for up to 1,024 sessions.

Each session is fed by what it has not finished: it gets pieces of jobs (`pieces.py`) until it has, besides what it
works on together, as much as it finishes in some seconds. So none idles at the border of two jobs, and all end at one
time.

A job whose process ended is given to another session, or to the same one once it has started again. The job that was at
work is a *suspect*: it waits until nothing else is left and then runs alone. One that ends a second process is halved,
and each half that ends one more is halved again; a request that ends two processes alone has no answer (`Missing`), and
the rest of its job is answered.

A session may end three times in a row, without any answer in between; the next time it is left out, and where it is the
last one that is the run's end. The hunt for one request in a job of n takes log2(n) + 1 ends more, and may have them.

A session whose machine is lost waits for another one, and gets nothing meanwhile. What it had goes to the others as it
is: nothing says that a request did it. A piece that has lost three machines is treated as one that ends processes.

A session without work takes a copy of a piece that is late, three times the median of all so far. Who answers first is
believed; what the other one answers later is dropped. Draws depend on their request alone, so both say the same.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterable
from statistics import median

from infra.engines.pace import Pace
from infra.engines.pieces import Piece, cut, piece_size
from infra.engines.questions import (
    Missing,
    MissingReason,
    Row,
    missing_draws,
)
from infra.engines.wire import Job

MAX_RESTARTS = 3
NUM_ENDED = 2
"""processes that a job may end until it is halved"""
NUM_MACHINES = 3
"""machines that may be lost with a piece until it is suspected of it"""

AHEAD_JOBS = 2
AHEAD_WIDTHS = 2.0
LEAST_WIDTHS = 1.25
AHEAD_SECONDS = 4.0
"""What each session has, at least: two jobs, and sequences for twice what the engine works on together. Once it is
known how fast it is: what it works on together, and what it finishes in some seconds, for news come twice a second."""

LATE_TIMES = 3.0
LATE_SECONDS = 60.0
"""A piece is late after so many medians, and after so many seconds."""
NUM_TIMED = 101
"""pieces whose time is remembered"""

Answered = tuple[Job, list[Row]]


class Schedule:
    """The jobs of one call over the sessions of a pool, which are numbered from 0.

    Args:
        width: sequences that a session works on together.
        works_together: a session works on all its jobs at a time, so that any of them may have ended it.
        left_out: sessions that get nothing, of a call before.
        waiting: sessions that wait for a machine, since a call before.
        clock: seconds.

    Attributes:
        fatal: the first row of each request that ended processes, in the order in which they were found.
    """

    def __init__(
        self,
        jobs: Iterable[Job],
        num_sessions: int,
        width: int,
        *,
        works_together: bool,
        left_out: Iterable[int] = (),
        waiting: Iterable[int] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.fatal: list[Missing] = []
        self._new = iter(jobs)
        self._again: deque[Piece] = deque()
        self._suspects: deque[Piece] = deque()
        self._held: list[dict[str, Piece]] = [{} for _ in range(num_sessions)]
        self._num_waiting = [0] * num_sessions
        self._left_out, self._waiting = set(left_out), set(waiting)
        self._closed = self._left_out | self._waiting  # or alone with a suspect
        self._names: set[str] = set()
        self._seconds: deque[float] = deque(maxlen=NUM_TIMED)
        self._width, self._works_together, self._clock = width, works_together, clock
        self._paces = [Pace(clock()) for _ in range(num_sessions)]
        self._piece = piece_size(width, works_together) if num_sessions > 1 else None

    @property
    def is_busy(self) -> bool:
        """Whether something is not answered, of what was taken from the caller."""
        return bool(self._names)

    def assign(self) -> tuple[int, Job] | None:
        """The session that should get a job now, and the job; None: all have enough, or nothing is left to give.

        Raises:
            ValueError: a job under way has this job's name.
        """
        open_ones = (number for number in range(len(self._held)) if number not in self._closed)
        number = min(open_ones, key=lambda one: (self._num_waiting[one], len(self._held[one])), default=None)
        if number is None or self._is_fed(number):
            return None
        piece = self._again.popleft() if self._again else self._take_new()
        if piece is None and not self._held[number]:  # what is left are suspects, each of which runs alone, and copies
            piece = self._suspects.popleft() if self._suspects else self._latest(self._clock())
        return None if piece is None else (number, self._give(number, piece))

    def progress(self, number: int, name: str, num_sequences: int) -> bool:
        """A session finished some sequences of a piece; False where that is no news: of a copy, or an answered one."""
        piece = self._held[number].get(name)
        if piece is None or piece.is_answered or piece.holders[0] != number:
            return False
        piece.num_done += num_sequences
        self._num_waiting[number] -= num_sequences
        self._paces[number].add(num_sequences, self._clock())
        return True

    def finish(self, number: int, name: str, rows: list[Row]) -> Answered | None:
        """A session answered a piece; returns the caller's job where that is answered now."""
        piece = self._take_back(number, name)
        if piece is None or piece.is_answered:  # of a call before, or another session was quicker
            return None
        now = self._clock()
        self._seconds.append(now - piece.given_at)
        self._paces[number].add(piece.num_unfinished, now)
        piece.rows = rows
        return self._answered(piece)

    def lose(self, number: int, reason: str, *, with_machine: bool = False) -> tuple[Answered | None, int]:
        """A session's process ended.

        Args:
            with_machine: its machine is lost, and it gets nothing until `resume`.

        Returns:
            The caller's job, where giving a request up made it answered; and how often the session may end in a
            row.
        """
        names = list(self._held[number])
        taken = [piece for name in names if (piece := self._take_back(number, name)) is not None]
        if with_machine:
            self._waiting.add(number)
            self._closed.add(number)
        for piece in taken:
            piece.num_machines += with_machine
            # Others work on it: it is not asked again, and not copied any more.
            piece.is_suspect |= bool(piece.holders) and not with_machine
        held = [piece for piece in taken if not piece.is_answered and not piece.holders]
        blamed = held if self._works_together else held[:1]
        if with_machine:
            blamed = [piece for piece in blamed if piece.is_suspect or piece.num_machines >= NUM_MACHINES]
        self._again.extendleft(piece for piece in reversed(held) if piece not in blamed)
        limit, answered = MAX_RESTARTS, None
        for piece in blamed:
            piece.is_suspect = True
            piece.num_ended += len(blamed) == 1
            if piece.num_ended < NUM_ENDED:
                self._suspects.append(piece)
                continue
            answered = self._narrow(piece, reason)
        limit += max((_ends_of_hunt(piece) for piece in blamed), default=0)
        return answered, limit

    def leave_out(self, number: int) -> bool:
        """Give nothing more to a session, which holds nothing; False where it is the last one."""
        if len(self._left_out | {number}) == len(self._held):
            return False
        self._left_out.add(number)
        self._waiting.discard(number)
        self._closed.add(number)
        return True

    def resume(self, number: int) -> None:
        """A session that waited for a machine has one, and its model."""
        if number in self._waiting:
            self._waiting.remove(number)
            self._closed.discard(number)

    def held_names(self, number: int) -> list[str]:
        """Names of the jobs that a session has."""
        return list(self._held[number])

    def patience(self) -> float | None:
        """Seconds until a session without work should look again for a piece that is late; None: none will be."""
        idle = any(not held for number, held in enumerate(self._held) if number not in self._closed)
        oldest = min((piece.given_at for piece in self._copyable()), default=None) if idle else None
        return None if oldest is None else max(0.0, oldest + self._limit() - self._clock()) + 0.1

    def _give(self, number: int, piece: Piece) -> Job:
        if not piece.holders:
            piece.given_at, piece.num_done = self._clock(), 0
        piece.holders.append(number)
        self._held[number][piece.job.name] = piece
        self._num_waiting[number] += piece.num_unfinished
        if piece.is_suspect:
            self._closed.add(number)
        return piece.job

    def _take_back(self, number: int, name: str) -> Piece | None:
        piece = self._held[number].pop(name, None)
        if piece is not None:
            piece.holders.remove(number)
        if not self._held[number]:
            self._num_waiting[number] = 0
            if number not in self._left_out | self._waiting:
                self._closed.discard(number)
        elif piece is not None:
            self._num_waiting[number] -= piece.num_unfinished
        return piece

    def _copyable(self) -> list[Piece]:
        """Pieces under way at one session, none of which is suspected of anything."""
        if len(self._seconds) < len(self._held) - len(self._left_out | self._waiting):
            return []
        return [
            piece
            for held in self._held
            for piece in held.values()
            if not piece.is_answered and not piece.is_suspect and len(piece.holders) == 1
        ]

    def _latest(self, now: float) -> Piece | None:
        """The oldest piece that is late."""
        found = min(self._copyable(), key=lambda piece: piece.given_at, default=None)
        return found if found is not None and now - found.given_at >= self._limit() else None

    def _limit(self) -> float:
        return max(LATE_SECONDS, LATE_TIMES * median(self._seconds))

    def _narrow(self, piece: Piece, reason: str) -> Answered | None:
        """Halve what ended two processes; a single request is given up."""
        if len(piece.job.requests) > 1:
            self._suspects.extend(piece.halve())
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
        whole = cut(job, self._piece)
        if not whole.parts:
            return whole
        first, *others = whole.parts
        self._again.extend(others)
        return first

    def _is_fed(self, number: int) -> bool:
        rate, least = self._paces[number].rate, LEAST_WIDTHS * self._width
        enough = AHEAD_WIDTHS * self._width if rate is None else max(least, self._width + rate * AHEAD_SECONDS)
        return len(self._held[number]) >= AHEAD_JOBS and self._num_waiting[number] >= enough


def _ends_of_hunt(piece: Piece) -> int:
    """Processes that the hunt for one request of a piece ends, beside the piece's own two."""
    return math.ceil(math.log2(piece.num_hunted)) + 1 if piece.num_hunted else 0
