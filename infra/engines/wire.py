"""Jobs for a model, and how they and their rows travel: as JSON messages.

A job is asked as a whole, in one message; its rows come back in messages of some rows each. Each kind of job declares
what it asks, and by which rows it is answered (`questions.py`); what has no answer is a `Missing` among them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from pydantic import TypeAdapter

from configs.schema.drawing import Sampling
from infra.engines.questions import (
    Completion,
    Embedded,
    Embedding,
    Missing,
    Rated,
    Rating,
    Read,
    Reading,
    Request,
    Row,
    Score,
    Scoring,
)

Message = dict[str, Any]
OnProgress = Callable[[int, int], None]
"""Called with the samples finished and the tokens generated (or read, in scoring and rating) so far in this call."""

ROWS_A_MESSAGE = 64


@dataclass(frozen=True, slots=True)
class Shard:
    """Requests that are drawn together, the unit of generation.

    Attributes:
        name: unique among the shards under way.
        requests: no two of them ask for the same draw under the same id.
    """

    kind: ClassVar[str] = "generate"
    row: ClassVar[type[Completion]] = Completion
    name: str
    requests: tuple[Request, ...]
    sampling: Sampling

    @property
    def num_samples(self) -> int:
        return sum(request.num_samples for request in self.requests)


@dataclass(frozen=True, slots=True)
class ScoringJob:
    """Texts to score together."""

    kind: ClassVar[str] = "score"
    row: ClassVar[type[Score]] = Score
    name: str
    requests: tuple[Scoring, ...]

    @property
    def num_samples(self) -> int:
        return len(self.requests)


@dataclass(frozen=True, slots=True)
class ReadingJob:
    """Tokens to read together."""

    kind: ClassVar[str] = "read"
    row: ClassVar[type[Read]] = Read
    name: str
    requests: tuple[Reading, ...]

    @property
    def num_samples(self) -> int:
        return len(self.requests)


@dataclass(frozen=True, slots=True)
class RatingJob:
    """Answers to rate together."""

    kind: ClassVar[str] = "rate"
    row: ClassVar[type[Rated]] = Rated
    name: str
    requests: tuple[Rating, ...]

    @property
    def num_samples(self) -> int:
        return len(self.requests)


@dataclass(frozen=True, slots=True)
class EmbeddingJob:
    """Texts to embed together."""

    kind: ClassVar[str] = "embed"
    row: ClassVar[type[Embedded]] = Embedded
    name: str
    requests: tuple[Embedding, ...]

    @property
    def num_samples(self) -> int:
        return len(self.requests)


Job = Shard | ScoringJob | ReadingJob | RatingJob | EmbeddingJob
JOBS: dict[str, type[Job]] = {job.kind: job for job in (Shard, ScoringJob, ReadingJob, RatingJob, EmbeddingJob)}
ADAPTERS: dict[Any, TypeAdapter[Any]] = {
    record: TypeAdapter(record) for job in JOBS.values() for record in (job, job.row, Missing)
}
"""reads and writes records of a type; lists of JSON become their tuples"""


def halves(job: Job) -> tuple[Job, Job]:
    """Two jobs with the first and the second half of the requests; with what is drawn per request unchanged.

    Args:
        job: of two requests or more.
    """
    middle = len(job.requests) // 2
    parts: Iterator[Any] = iter((job.requests[:middle], job.requests[middle:]))
    first, second = (replace(job, name=f"{job.name}.{number}", requests=part) for number, part in enumerate(parts))
    return first, second


def write_job(job: Job) -> Message:
    """A job as a message, whose `kind` says what kind of job it is."""
    return {"kind": job.kind, **ADAPTERS[type(job)].dump_python(job)}


def read_job(message: Message) -> Job:
    """Inverse of `write_job`."""
    return ADAPTERS[JOBS[message["kind"]]].validate_python(message)


def write_rows(name: str, rows: Sequence[Row]) -> Iterator[Message]:
    """A job's rows as messages."""
    for start in range(0, len(rows), ROWS_A_MESSAGE):
        part = rows[start : start + ROWS_A_MESSAGE]
        yield {"kind": "rows", "name": name, "rows": [ADAPTERS[type(row)].dump_python(row) for row in part]}


def read_rows(kind: str, rows: Iterable[dict[str, Any]]) -> list[Row]:
    """Rows of a job of a kind."""
    answer = ADAPTERS[JOBS[kind].row]
    return [(ADAPTERS[Missing] if "reason" in row else answer).validate_python(row) for row in rows]
