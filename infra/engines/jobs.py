"""What a generator engine does inside its child process, whatever library it is made of.

`generator.py` hands it jobs and passes its events on; `transformers_engine.py` and `vllm_engine.py` are the two kinds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from infra.engines.requests import Completion, Score, Scoring, Shard


@dataclass(frozen=True, slots=True)
class ScoringJob:
    """Texts to score together."""

    name: str
    scorings: tuple[Scoring, ...]


Job = Shard | ScoringJob


@dataclass(frozen=True, slots=True)
class Progress:
    """Samples finished and tokens generated since the last event of this job."""

    name: str
    num_samples: int
    num_tokens: int


@dataclass(frozen=True, slots=True)
class Result:
    """A job's rows, in order of its requests and of the draws within them."""

    name: str
    rows: Sequence[Completion] | Sequence[Score]


class GeneratorEngine(Protocol):
    """A loaded model. Jobs may be submitted at any time between two steps."""

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left to do."""

    def submit(self, job: Job) -> None:
        """Take a job; work on it happens in `step`."""

    def step(self) -> list[Progress | Result]:
        """Work for a moment, well below a second where the model allows."""

    def close(self) -> None:
        """Release what the end of this process would not release."""
