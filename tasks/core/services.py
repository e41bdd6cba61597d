"""What is asked for, as `answers.py` needs it: what identifies a question, how a shard is asked, how answers lie in a
table: the five things that a pool does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar, Generic, Literal, TypeVar

from configs.schema.drawing import Sampling
from configs.schema.marks import as_written, identity
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
    Score,
    Scoring,
)
from infra.engines.wire import Shard
from tasks.core.step import digest

REPEATING = "repetition"
"""how a text ended that said the same over and over: to its readers it is a truncated one"""
VERSION = 1
"""Raised when engines answer the same question otherwise; rows have versions of their own."""

Question = TypeVar("Question")
Row = TypeVar("Row")
OnProgress = Callable[[int, int], None]
Keyed = Sequence[tuple[str, Question]]
"""Questions, each with its key."""


@dataclass(frozen=True, slots=True)
class Absent:
    """In the place of a row: there is no answer. It is never published, so that the next run asks again."""

    question: str
    draw: int
    why: Missing


Answered = Iterator[tuple[Iterable[str], Sequence[Row | Absent]]]


@dataclass(frozen=True, slots=True)
class TextRow:
    """A Completion as a row; `question` is the key of its request, `finish_reason` stop, length or REPEATING."""

    VERSION: ClassVar[int] = 1
    question: str
    draw: int
    text: str
    finish_reason: str
    num_tokens: int
    logprob: float | None
    stop_text: str | None


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """A Score as a row."""

    VERSION: ClassVar[int] = 1
    question: str
    logprob: float
    num_tokens: int
    draw: int = 0


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A Read as a row."""

    VERSION: ClassVar[int] = 1
    question: str
    logprob: float
    is_greedy: bool
    num_tokens: int
    draw: int = 0


@dataclass(frozen=True, slots=True)
class RatedRow:
    """A Rated as a row."""

    VERSION: ClassVar[int] = 1
    question: str
    scores: tuple[float, ...]
    draw: int = 0


@dataclass(frozen=True, slots=True)
class EmbeddedRow:
    """An Embedded as a row."""

    VERSION: ClassVar[int] = 1
    question: str
    vector: tuple[float, ...]
    draw: int = 0


_ONE = range(1)


class Service(ABC, Generic[Question, Row]):
    """One thing that is asked for.

    Attributes:
        name: enters identities.
        record: class of the rows.
        spends: what the rows' `num_tokens` are: tokens that a model wrote, or given ones that it read; None: rows
            have none.
    """

    name: str
    record: type[Row]
    spends: Literal["written", "read"] | None = None

    def identity(self, who: Any) -> Any:
        """What an answer depends on besides the question, as JSON."""
        return {"version": VERSION, "who": who, "service": self.name}

    def key(self, question: Question) -> str:
        """What identifies the question: its content, never its id."""
        return digest(self._content(question))[:32]

    def draws(self, question: Question) -> range:
        """Numbers of the answers that are wanted."""
        return _ONE

    def part(self, question: Question, draws: range) -> Question:
        """The question for some of its draws."""
        return question

    @abstractmethod
    def _content(self, question: Question) -> Any:
        """All that an answer depends on, as JSON."""

    @abstractmethod
    def ask(self, pool: Any, shards: Iterator[Keyed[Question]], on_progress: OnProgress) -> Answered[Row]:
        """Each shard's keys and rows, as shards finish."""


class TextService(Service[Request, TextRow]):
    """A model writes. The seed of greedy requests has no say."""

    name, record, spends = "text", TextRow, "written"

    def __init__(self, sampling: Sampling) -> None:
        self._sampling = sampling

    def identity(self, who: Any) -> Any:
        return {**super().identity(who), "sampling": identity(self._sampling, as_written)}

    def _content(self, question: Request) -> Any:
        seed = question.seed if self._sampling.temperature > 0 else None
        limit = [question.max_tokens] if question.max_tokens is not None else []
        if question.tokens is not None:
            return [{"tokens": question.tokens}, seed, *limit]
        return [question.messages, question.prefix, seed, *limit]

    def draws(self, question: Request) -> range:
        return question.draws

    def part(self, question: Request, draws: range) -> Request:
        return replace(question, first=draws.start, num_samples=len(draws))

    def ask(self, pool: Any, shards: Iterator[Keyed[Request]], on_progress: OnProgress) -> Answered[TextRow]:
        keys: dict[str, dict[str, str]] = {}

        def jobs() -> Iterator[Shard]:
            for number, shard in enumerate(shards):
                job = Shard(f"ask-{number:05d}", tuple(request for _, request in shard), self._sampling)
                keys[job.name] = {request.id: key for key, request in shard}
                if len(keys[job.name]) < len({key for key, _ in shard}):
                    raise ValueError("ids of requests must be unique")
                yield job

        for job, completions in pool.generate(jobs(), on_progress):
            own = keys.pop(job.name)
            yield own.values(), [_text_row(own, completion) for completion in completions]


class GivenTextService(Service[Question, Row]):
    """A model reads given texts.

    Args:
        call: the pool's method.
        row: from the question's key and the answer.
        spends: see `Service`.
    """

    def __init__(
        self,
        name: str,
        record: type[Row],
        call: Callable[[Any, Sequence[Question], OnProgress], Sequence[Any]],
        row: Callable[[str, Any], Row],
        spends: Literal["written", "read"] | None = None,
    ) -> None:
        self.name, self.record, self._call, self._row, self.spends = name, record, call, row, spends

    def _content(self, question: Question) -> Any:
        asked: Any = question
        return {name: value for name, value in asdict(asked).items() if name != "id"}

    def ask(self, pool: Any, shards: Iterator[Keyed[Question]], on_progress: OnProgress) -> Answered[Row]:
        before, last = (0, 0), (0, 0)

        def show(num_done: int, num_tokens: int) -> None:
            nonlocal last
            last = (before[0] + num_done, before[1] + num_tokens)
            on_progress(*last)

        for shard in shards:
            answers = self._call(pool, [question for _, question in shard], show)
            before = last
            rows = zip(shard, answers, strict=True)
            yield (
                [key for key, _ in shard],
                [
                    Absent(key, 0, answer) if isinstance(answer, Missing) else self._row(key, answer)
                    for (key, _), answer in rows
                ],
            )


def scoring_service() -> GivenTextService[Scoring, ScoreRow]:
    """Log-probabilities of given texts."""
    return GivenTextService(
        "score",
        ScoreRow,
        lambda pool, questions, show: pool.score(questions, show),
        lambda key, score: ScoreRow(key, score.logprob, score.num_tokens),
        "read",
    )


def reading_service() -> GivenTextService[Reading, ReadRow]:
    """Log-probabilities of given tokens."""
    return GivenTextService(
        "read",
        ReadRow,
        lambda pool, questions, show: pool.read(questions, show),
        lambda key, read: ReadRow(key, read.logprob, read.is_greedy, read.num_tokens),
    )


def rating_service() -> GivenTextService[Rating, RatedRow]:
    """A reward model's opinions."""
    return GivenTextService(
        "rate",
        RatedRow,
        lambda pool, questions, show: pool.rate(questions, show),
        lambda key, rated: RatedRow(key, rated.scores),
    )


def embedding_service() -> GivenTextService[Embedding, EmbeddedRow]:
    """Vectors of texts."""
    return GivenTextService(
        "embed",
        EmbeddedRow,
        lambda pool, questions, show: pool.embed(questions, show),
        lambda key, embedded: EmbeddedRow(key, embedded.vector),
    )


def _text_row(keys: Mapping[str, str], row: Completion | Missing) -> TextRow | Absent:
    """Args:
    keys: of questions, by the id of the request.
    """
    return Absent(keys[row.id], row.index, row) if isinstance(row, Missing) else to_row(keys[row.request_id], row)


def to_row(key: str, completion: Completion) -> TextRow:
    """A completion as a row."""
    reason = REPEATING if completion.repeats else completion.finish_reason
    return TextRow(
        key, completion.index, completion.text, reason, completion.num_tokens, completion.logprob, completion.stop_text
    )


def to_completion(request: Request, row: TextRow) -> Completion:
    """The completion of a request from its row."""
    repeats = row.finish_reason == REPEATING
    reason: Literal["stop", "length"] = "length" if repeats or row.finish_reason == "length" else "stop"
    return Completion(
        request.id, row.draw, row.text, reason, row.num_tokens, row.logprob, row.stop_text, repeats=repeats
    )


def to_score(scoring: Scoring, row: ScoreRow) -> Score:
    """The score of a text from its row."""
    return Score(scoring.id, row.logprob, row.num_tokens)


def to_read(reading: Reading, row: ReadRow) -> Read:
    """What was found of tokens, from its row."""
    return Read(reading.id, row.logprob, row.is_greedy, row.num_tokens)


def to_rated(rating: Rating, row: RatedRow) -> Rated:
    """The opinion of a text from its row."""
    return Rated(rating.id, row.scores)


def to_embedded(embedding: Embedding, row: EmbeddedRow) -> Embedded:
    """The vector of a text from its row."""
    return Embedded(embedding.id, row.vector)
