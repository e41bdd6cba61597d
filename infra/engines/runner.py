"""What runs jobs inside a session's process, whatever library it is made of.

`session_program.py` hands it jobs and passes its events on; `generate/transformers_runner.py`,
`generate/vllm_runner.py`, `reward/runner.py` and `embedding/runner.py` are the kinds; `generate/*_live.py` those whose
weights follow a training.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from infra.engines.live_weights import LiveWeights
from infra.engines.questions import Row
from infra.engines.wire import Job


@dataclass(frozen=True, slots=True)
class Progress:
    """Samples finished and tokens generated since the last event of this job."""

    name: str
    num_samples: int
    num_tokens: int


@dataclass(frozen=True, slots=True)
class Result:
    """A job's rows, in order of its requests and of the draws within them.

    Attributes:
        used: what the engine has used since it was loaded that its answers do not tell, by names of metrics of the run.
    """

    name: str
    rows: Sequence[Row]
    used: Mapping[str, float] = field(default_factory=dict)


class Runner(Protocol):
    """A loaded model. Jobs may be submitted at any time between two steps.

    Where the engine's settings say `works_together`, it works on all its jobs at a time, else on one after the other.
    """

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left to do."""

    def submit(self, job: Job) -> None:
        """Take a job of a kind that this engine does (the pool sees to it); work on it happens in `step`."""

    def step(self) -> list[Progress | Result]:
        """Work for a moment, well below a second where the model allows."""

    def close(self) -> None:
        """Release what the end of this process would not release."""


@runtime_checkable
class LiveRunner(Protocol):
    """A runner whose weights follow a training, wave by wave; its completions say their tokens."""

    def follow(self, weights: LiveWeights) -> None:
        """Answer by these weights from now on; nothing is under way.

        Raises:
            EngineError: they are not what the learner has.
        """


class SerialRunner(ABC):
    """Works on one job after the other, in the order in which they came. Base of runners of Hugging Face models."""

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
