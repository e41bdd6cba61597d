"""An engine that works on one job after the other. Base of the engines made of Hugging Face models."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator

from infra.engines.work import Job, Progress, Result


class SerialEngine(ABC):
    """See `work.GeneratorEngine`. A subclass says how a job is worked on, a moment at a time."""

    def __init__(self) -> None:
        self._jobs: deque[Job] = deque()
        self._events: Iterator[Progress | Result] | None = None

    @property
    def is_idle(self) -> bool:
        return self._events is None and not self._jobs

    def submit(self, job: Job) -> None:
        self._jobs.append(job)

    def step(self) -> list[Progress | Result]:
        """What the next moment of the current job brings: one decoding step, or one batch."""
        if self._events is None:
            self._events = self._work(self._jobs.popleft())
        event = next(self._events)
        if isinstance(event, Result):
            self._events = None
        return [event]

    def close(self) -> None:
        """Forget the jobs that wait; the end of the process releases the rest."""
        self._jobs.clear()

    @abstractmethod
    def _work(self, job: Job) -> Iterator[Progress | Result]:
        """Events of one job, its result last."""
