"""What can be asked of a pool, as `answers.py` needs it: what identifies a question, how a shard is asked, and how its
answers become rows of a table and are read from there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any, Generic, Literal, TypeVar

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
from tasks.core.answer_rows import REPEATING, Absent, EmbeddedRow, RatedRow, ReadRow, ScoreRow, TextRow
from tasks.core.step import digest

VERSION = 1
"""Raised when engines answer the same question otherwise; rows have versions of their own."""

Question = TypeVar("Question")
Row = TypeVar("Row")
Answer = TypeVar("Answer")
Spends = Literal["written", "read"]
OnProgress = Callable[[int, int], None]
Keyed = Sequence[tuple[str, Question]]
"""Questions, each with its key."""
Answered = Iterator[tuple[Iterable[str], Sequence[Row | Absent]]]

_ONE = range(1)


class Service(ABC, Generic[Question, Row, Answer]):
    """One thing that is asked for.

    Attributes:
        name: enters identities.
        record: class of the rows.
        spends: what the rows' `num_tokens` are: tokens that a model wrote, or given ones that it read; None: rows
            have none.
    """

    name: str
    record: type[Row]
    spends: Spends | None = None

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

    def read(self, question: Question, row: Row | Absent) -> Answer | Missing:
        """An answer from its row, or what stands for it, under the id of the question."""
        asked: Any = question  # which has an id, whatever it asks
        return replace(row.why, id=asked.id) if isinstance(row, Absent) else self._answer(question, row)

    @abstractmethod
    def _answer(self, question: Question, row: Row) -> Answer:
        """The answer that was written as this row."""


class TextService(Service[Request, TextRow, Completion]):
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
            yield (
                own.values(),
                [
                    Absent(own[row.id], row.index, row)
                    if isinstance(row, Missing)
                    else _text_row(own[row.request_id], row)
                    for row in completions
                ],
            )

    def _answer(self, question: Request, row: TextRow) -> Completion:
        repeats = row.finish_reason == REPEATING
        reason: Literal["stop", "length"] = "length" if repeats or row.finish_reason == "length" else "stop"
        return Completion(
            question.id, row.draw, row.text, reason, row.num_tokens, row.logprob, row.stop_text, repeats=repeats
        )


class GivenTextService(Service[Question, Row, Answer]):
    """A model reads what it is given; one answer each.

    Args:
        call: the pool's method.
        row: from the question's key and the answer.
        answer: inverse: from the question and its row.
        spends: see `Service`.
    """

    def __init__(
        self,
        name: str,
        record: type[Row],
        call: Callable[[Any, Sequence[Question], OnProgress], Sequence[Any]],
        row: Callable[[str, Answer], Row],
        answer: Callable[[Question, Row], Answer],
        spends: Spends | None = None,
    ) -> None:
        self.name, self.record, self.spends = name, record, spends
        self._call, self._row, self._answer_of = call, row, answer

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

    def _answer(self, question: Question, row: Row) -> Answer:
        return self._answer_of(question, row)


SCORING = GivenTextService[Scoring, ScoreRow, Score](
    "score", ScoreRow, lambda pool, questions, show: pool.score(questions, show),
    lambda key, score: ScoreRow(key, score.logprob, score.num_tokens),
    lambda scoring, row: Score(scoring.id, row.logprob, row.num_tokens), "read",
)  # fmt: skip
"""log-probabilities of given texts"""
READING = GivenTextService[Reading, ReadRow, Read](
    "read", ReadRow, lambda pool, questions, show: pool.read(questions, show),
    lambda key, read: ReadRow(key, read.logprob, read.is_greedy, read.num_tokens),
    lambda reading, row: Read(reading.id, row.logprob, row.is_greedy, row.num_tokens),
)  # fmt: skip
"""log-probabilities of given tokens"""
RATING = GivenTextService[Rating, RatedRow, Rated](
    "rate", RatedRow, lambda pool, questions, show: pool.rate(questions, show),
    lambda key, rated: RatedRow(key, rated.scores), lambda rating, row: Rated(rating.id, row.scores),
)  # fmt: skip
"""a reward model's opinions"""
EMBEDDING = GivenTextService[Embedding, EmbeddedRow, Embedded](
    "embed", EmbeddedRow, lambda pool, questions, show: pool.embed(questions, show),
    lambda key, embedded: EmbeddedRow(key, embedded.vector), lambda asked, row: Embedded(asked.id, row.vector),
)  # fmt: skip
"""vectors of texts"""


def _text_row(key: str, completion: Completion) -> TextRow:
    reason = REPEATING if completion.repeats else completion.finish_reason
    return TextRow(
        key, completion.index, completion.text, reason, completion.num_tokens, completion.logprob, completion.stop_text
    )
