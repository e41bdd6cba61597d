"""Run a function over many items in worker processes that can be killed, so that no item can hang or crash the caller.

Called by `tasks/judge/verifiers/pool.py`. The function is made once, in a template process (`zygote.py`), and every
worker is a fork of that process: a worker that is killed is replaced in milliseconds, whatever the function had to
import.
The pool starts no thread, sets no signal handler and does not import the caller's `__main__` again.
"""

from __future__ import annotations

import os
import pickle
import signal
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing.connection import Connection, wait
from time import monotonic
from typing import Any

from infra.sandbox.template import Template

ITEMS_PER_CHUNK = 32
ITEMS_AHEAD = 4096
"""Items read but not yet yielded: what the other workers go on with while one item takes its whole limit."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one item: a value, or the reason why there is none.

    Attributes:
        failure: `timeout`, `crashed: SIGSEGV` (or another signal), `crashed: exit status 3`, `raised: KeyError: 'x'`.
    """

    value: Any = None
    failure: str | None = None


@dataclass(slots=True)
class _Worker:
    pid: int
    connection: Connection
    pending: deque[tuple[int, Any]] = field(default_factory=deque)
    """items handed out and unanswered; the first is the one being worked on"""
    deadline: float = 0.0


class KillablePool:
    """Workers for one function. A context manager: no process is left when the block ends, or when the caller dies.

    Args:
        target: `module:callable`; called once as `callable(*initargs)` in the template process, it returns the function
            of one item that the workers run. Items and values are pickled.
        limit_seconds: wall clock for one item; a worker past it is killed with every process it started.
        num_workers: default: the cores this process may use.
        memory_bytes: most memory of one worker's data; past it allocations fail with MemoryError. Default: no limit.
        start_seconds: wall clock for making the function, imports included.
        imports: modules that making it imports: pools of this process share one import of each.

    Raises:
        UserError: on entry, if the function could not be made.
    """

    def __init__(
        self,
        target: str,
        limit_seconds: float,
        num_workers: int | None = None,
        initargs: tuple[Any, ...] = (),
        memory_bytes: int | None = None,
        start_seconds: float = 120.0,
        imports: tuple[str, ...] = (),
    ) -> None:
        self._limit_seconds = limit_seconds
        self._num_workers = num_workers or len(os.sched_getaffinity(0))
        self._template = Template(target, initargs, memory_bytes, start_seconds, imports)
        self._idle: list[_Worker] = []
        self._busy: list[_Worker] = []

    def __enter__(self) -> KillablePool:
        self._template.start()
        return self

    def __exit__(self, *error: object) -> None:
        for worker in self._idle + self._busy:
            worker.connection.close()
        self._idle, self._busy = [], []
        self._template.close()

    def map(self, items: Iterable[Any]) -> Iterator[Outcome]:
        """One outcome an item, in order, as they come. Reads at most `ITEMS_AHEAD` items ahead. One map at a time."""
        source = enumerate(items)
        finished: dict[int, Outcome] = {}
        returned: deque[list[tuple[int, Any]]] = deque()
        num_read = num_yielded = 0
        try:
            while True:
                while len(self._busy) < self._num_workers:
                    room = min(ITEMS_PER_CHUNK, ITEMS_AHEAD - (num_read - num_yielded))
                    chunk = returned.popleft() if returned else list(islice(source, room))
                    if not chunk:
                        break
                    num_read = max(num_read, chunk[-1][0] + 1)
                    self._hand_out(chunk)
                if not self._busy:
                    return
                returned.extend(self._collect(finished))
                while num_yielded in finished:
                    num_yielded += 1
                    yield finished.pop(num_yielded - 1)
        finally:
            for worker in list(self._busy):
                self._end(worker)

    def _hand_out(self, chunk: list[tuple[int, Any]]) -> None:
        message = pickle.dumps([item for _, item in chunk], pickle.HIGHEST_PROTOCOL)
        worker = self._idle.pop() if self._idle else self._start_worker()
        try:
            worker.connection.send_bytes(message)
        except OSError:  # it died while idle, of nothing in this chunk
            self._end(worker)
            worker = self._start_worker()
            worker.connection.send_bytes(message)
        worker.pending.extend(chunk)
        worker.deadline = monotonic() + self._limit_seconds
        self._busy.append(worker)

    def _collect(self, finished: dict[int, Outcome]) -> list[list[tuple[int, Any]]]:
        """Wait for answers or a deadline; returns the unanswered rests of chunks whose worker was ended."""
        patience = min(worker.deadline for worker in self._busy) - monotonic()
        ready = set(wait([worker.connection for worker in self._busy], max(0.0, patience)))
        returned = []
        for worker in list(self._busy):
            is_late = worker.deadline <= monotonic()
            is_ready = worker.connection in ready or (is_late and worker.connection.poll())  # it may just have answered
            is_lost = not self._receive(worker, finished) if is_ready else is_late
            if is_lost:
                culprit, _ = worker.pending.popleft()
                exit_code = self._end(worker)
                finished[culprit] = Outcome(failure=describe_end(exit_code) if is_ready else "timeout")
                if worker.pending:
                    returned.append(list(worker.pending))
            elif not worker.pending:
                self._busy.remove(worker)
                self._idle.append(worker)
        return returned

    def _receive(self, worker: _Worker, finished: dict[int, Outcome]) -> bool:
        """Take every answer that lies ready; False if the worker died before it answered all."""
        try:
            while worker.pending and worker.connection.poll():
                value, failure = pickle.loads(worker.connection.recv_bytes())
                index, _ = worker.pending.popleft()
                finished[index] = Outcome(value, failure)
                worker.deadline = monotonic() + self._limit_seconds
        except (EOFError, OSError):
            return False
        return True

    def _start_worker(self) -> _Worker:
        return _Worker(*self._template.start_worker())

    def _end(self, worker: _Worker) -> int:
        """Kill a worker and what it started; returns its exit code, negative for a signal."""
        if worker in self._busy:
            self._busy.remove(worker)
        worker.connection.close()
        return self._template.end_worker(worker.pid)


def describe_end(exit_code: int) -> str:
    """An exit code in words; signals by their name."""
    if exit_code >= 0:
        return f"crashed: exit status {exit_code}"
    try:
        return f"crashed: {signal.Signals(-exit_code).name}"
    except ValueError:
        return f"crashed: signal {-exit_code}"
