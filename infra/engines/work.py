"""What a generator engine does inside its child process, whatever library it is made of.

`generator.py` hands it jobs and passes its events on; `transformers_engine.py`, `vllm_engine.py` and
`reward_engine.py` are the kinds. `session.py` writes a job's file, `generator.py` reads it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from infra.engines.wire import (
    Completion,
    Rated,
    Rating,
    Score,
    Scoring,
    Shard,
    read_ratings,
    read_scorings,
    read_shard,
    write_rows,
    write_shard,
)


@dataclass(frozen=True, slots=True)
class ScoringJob:
    """Texts to score together."""

    name: str
    scorings: tuple[Scoring, ...]


@dataclass(frozen=True, slots=True)
class RatingJob:
    """Answers to rate together."""

    name: str
    ratings: tuple[Rating, ...]


Job = Shard | ScoringJob | RatingJob
JobKind = Literal["generate", "score", "rate"]


def num_sequences(job: Job) -> int:
    """How many texts a job generates or reads."""
    if isinstance(job, Shard):
        return job.num_samples
    return len(job.scorings if isinstance(job, ScoringJob) else job.ratings)


def write_job(path: Path, job: Job) -> JobKind:
    """Write a job's rows; what kind it is does not stand in the file."""
    if isinstance(job, Shard):
        write_shard(path, job)
        return "generate"
    if isinstance(job, ScoringJob):
        write_rows(path, job.scorings)
        return "score"
    write_rows(path, job.ratings)
    return "rate"


def read_job(path: Path, kind: JobKind, name: str) -> Job:
    """Inverse of `write_job`."""
    if kind == "generate":
        return read_shard(path)
    if kind == "score":
        return ScoringJob(name, tuple(read_scorings(path)))
    return RatingJob(name, tuple(read_ratings(path)))


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
    rows: Sequence[Completion] | Sequence[Score] | Sequence[Rated]


class GeneratorEngine(Protocol):
    """A loaded model. Jobs may be submitted at any time between two steps."""

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left to do."""

    def submit(self, job: Job) -> None:
        """Take a job of a kind that this engine does (the pool sees to it); work on it happens in `step`."""

    def step(self) -> list[Progress | Result]:
        """Work for a moment, well below a second where the model allows."""

    def close(self) -> None:
        """Release what the end of this process would not release."""
