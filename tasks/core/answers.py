"""Asking, so that a kill costs at most the shards in flight: every question that a stage asks goes through `Answers`.

    Request   a model writes text                     -> its Completions, in order of the draws
    Scoring   the log-probability of a given text     -> Score
    Reading   the log-probability of given tokens     -> Read
    Rating    a reward model's opinion of a text      -> Rated
    Embedding the vector of a text                    -> Embedded

What rules find in samples lies in the same folders, and comes in the order of the samples without any of this
(`tasks/judge/verifiers/outcomes.py`).
What has no answer (`Missing`) is counted with its reason, and asked again by the next run that needs it: never by this
one, and never together with what was answered.

What was answered before is looked up in the store, the rest is asked in shards, each published as it finishes.
Answers come in the order of the questions, whatever the order of completion; a bounded number is in memory.

An answer is known by what was asked: who (model, engine, sampling), the request's seed, the chat, the beginning of the
model's turn, and the number of the draw. Not by the step that asked, by other questions, or by how many draws were
wanted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from configs.schema.drawing import Sampling
from configs.schema.marks import Resolve
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
from infra.sandbox.job import OpenPool, pool_here
from tasks.core.answer_folder import AnswerFolder, AnswerRow, who_folder
from tasks.core.answer_rows import Absent
from tasks.core.ledger import Ledger
from tasks.core.missing import MissingTally
from tasks.core.progress import StageProgress
from tasks.core.services import EMBEDDING, RATING, READING, SCORING, GivenTextService, Service, TextService
from tasks.core.usage import Usage

Question = TypeVar("Question")
Row = TypeVar("Row", bound=AnswerRow)
Answer = TypeVar("Answer")

SCORES_PER_SHARD = 1024
"""at least: reading a text costs a small part of writing one"""
SHARDS_AHEAD = 256
"""shards' worth of questions that are read at most before the oldest is answered"""


@dataclass(frozen=True)
class Answerer:
    """Who is asked.

    Attributes:
        identity: what an answer depends on of it, as JSON: the model's digest, the engine's kind and number format; of
            a server the model's name.
        open: what answers: a pool. Called only where something is to be asked.
    """

    identity: Any
    open: Callable[[], Any]


@dataclass(frozen=True)
class Answers:
    """What one stage asks in one round.

    Attributes:
        place: in the store, see `StepSpec.answers`.
        shard_size: requests that are published together.
        contents: what names in settings stand for, where settings are part of who is asked.
        workers: where rules look at samples.
        missing: what models were asked and did not answer.
        usage: tokens of the answers.
    """

    ledger: Ledger
    place: str
    shard_size: int
    progress: StageProgress
    contents: Resolve
    missing: MissingTally = field(default_factory=MissingTally, compare=False)
    usage: Usage = field(default_factory=Usage, compare=False)
    workers: OpenPool = field(default=pool_here, compare=False)
    _absent: dict[str, dict[str, dict[int, Absent]]] = field(default_factory=dict, repr=False, compare=False)
    _folders: dict[str, AnswerFolder[Any]] = field(default_factory=dict, repr=False, compare=False)

    def ask(
        self,
        who: Answerer,
        sampling: Sampling,
        questions: Iterable[Request],
        total: int | None = None,
        note: str = "",
        shard_size: int | None = None,
        is_counted: bool = True,
    ) -> Iterator[tuple[Request, tuple[Completion | Missing, ...]]]:
        """Every request with its completions, in the order of the requests and of their draws.

        Args:
            questions: ids are unique.
            total: draws of all of them, where it is known, and `note`, for the progress shown.
            shard_size: default: the stage's.
            is_counted: whether missing answers count; not where the same questions are read once more.

        Raises:
            EngineError, UserError: as the pool's `generate`.
            GuardError: nothing of what was asked first has an answer.
            StoreError: the lease was lost, or the store failed.
        """
        service = TextService(sampling)
        for request, rows in self.run(who, service, questions, shard_size or self.shard_size, total, note):
            found = tuple(service.read(request, row) for row in rows)
            if is_counted:
                self._count(found)
            yield request, found

    def score(self, who: Answerer, questions: Iterable[Scoring], note: str = "") -> Iterator[Score | Missing]:
        """Log-probabilities, in the order of the questions. Questions of one chat are cheapest next to each other."""
        return self._given(who, SCORING, questions, note)

    def read(self, who: Answerer, questions: Iterable[Reading], note: str = "") -> Iterator[Read | Missing]:
        """Log-probabilities of given tokens, in the order of the questions."""
        return self._given(who, READING, questions, note)

    def rate(self, who: Answerer, questions: Iterable[Rating], note: str = "") -> Iterator[Rated | Missing]:
        """A reward model's opinions, in the order of the questions."""
        return self._given(who, RATING, questions, note)

    def embed(self, who: Answerer, questions: Iterable[Embedding], note: str = "") -> Iterator[Embedded | Missing]:
        """Vectors of texts, in the order of the questions."""
        return self._given(who, EMBEDDING, questions, note)

    def _given(
        self, who: Answerer, service: GivenTextService[Question, Row, Answer], questions: Iterable[Question], note: str
    ) -> Iterator[Answer | Missing]:
        shard_size = max(SCORES_PER_SHARD, self.shard_size)
        for question, (row,) in self.run(who, service, questions, shard_size, note=note):
            answer = service.read(question, row)
            self._count([answer])
            yield answer

    def _count(self, found: Sequence[Any]) -> None:
        self.missing.add(len(found), [row for row in found if isinstance(row, Missing)])

    def folder(self, identity: Any, record: type[Row]) -> AnswerFolder[Row]:
        """What somebody answered in this stage and round.

        Args:
            identity: who was asked, and for what.
        """
        place = who_folder(self.place, identity)
        if place not in self._folders:
            self._folders[place] = AnswerFolder(self.ledger, self.place, identity, record)
        return self._folders[place]

    def run(
        self,
        who: Answerer,
        service: Service[Question, Row, Any],
        questions: Iterable[Question],
        shard_size: int,
        total: int | None = None,
        note: str = "",
    ) -> Iterator[tuple[Question, list[Row | Absent]]]:
        """Every question with its rows, one for each draw, whatever is asked for; arguments and errors as of `ask`."""
        folder = self.folder(service.identity(who.identity), service.record)
        absent = self._absent.setdefault(folder.prefix, {})

        def show(num_answers: int, num_tokens: int) -> None:
            words = [note, f"{num_tokens} tokens" if num_tokens else ""]
            self.progress.update(num_answers, total, ", ".join(word for word in words if word))

        for question, rows in _Asking(service, folder, absent, who.open, iter(questions), shard_size, show):
            self.usage.add(service, folder.prefix, rows)
            yield question, rows


def text_folder(place: str, who: Answerer, sampling: Sampling) -> str:
    """Where the texts lie that `Answers.ask` publishes."""
    return who_folder(place, TextService(sampling).identity(who.identity))


class _Asking(Generic[Question]):
    """One stream of questions, and where each of them stands.

    Args:
        absent: by question and draw, what was found to have no answer in this run.
    """

    def __init__(
        self,
        service: Service[Question, Any, Any],
        folder: AnswerFolder[Any],
        absent: dict[str, dict[int, Absent]],
        open_pool: Callable[[], Any],
        questions: Iterator[Question],
        shard_size: int,
        show: Callable[[int, int], None],
    ) -> None:
        self._service, self._folder, self._absent, self._open = service, folder, absent, open_pool
        self._questions, self._shard_size, self._show = questions, shard_size, show
        self._pending: deque[tuple[str, Question]] = deque()
        self._to_ask: deque[tuple[str, list[Question]]] = deque()
        self._asked: set[str] = set()
        self._num_known = self._num_done = self._num_tokens = 0

    def __iter__(self) -> Iterator[tuple[Question, list[Any]]]:
        while self._read():
            if not self._to_ask:
                yield from self._answered()
                continue
            for keys, rows in self._service.ask(self._open(), self._shards(), self._progress()):
                for row in rows:
                    if isinstance(row, Absent):
                        self._absent.setdefault(row.question, {})[row.draw] = row
                if answered := [row for row in rows if not isinstance(row, Absent)]:
                    self._folder.publish(answered)
                self._asked.difference_update(keys)
                yield from self._answered()
            yield from self._answered()
            assert not self._pending, "everything that was read is answered"

    def _read(self) -> bool:
        """Take in one more question; False at the end."""
        question = next(self._questions, None)
        if question is None:
            return False
        key, draws = self._service.key(question), self._service.draws(question)
        missing = [] if key in self._asked else self._to_be_asked(key, draws)
        self._pending.append((key, question))
        if missing == [draws]:
            self._asked.add(key)
            self._to_ask.append((key, [question]))
        elif missing:
            self._asked.add(key)
            self._to_ask.append((key, [self._service.part(question, run) for run in missing]))
        self._num_known += len(draws) - sum(map(len, missing))
        return True

    def _shards(self) -> Iterator[Sequence[tuple[str, Question]]]:
        """Questions to ask together, as the pool wants them; an end where too many wait for an answer."""
        while True:
            while len(self._to_ask) < self._shard_size and len(self._pending) < SHARDS_AHEAD * self._shard_size:
                if not self._read():
                    break
            shard = [self._to_ask.popleft() for _ in range(min(self._shard_size, len(self._to_ask)))]
            if not shard:
                return
            yield [(key, part) for key, parts in shard for part in parts]

    def _answered(self) -> Iterator[tuple[Question, list[Any]]]:
        """The oldest questions, as far as they are answered."""
        while self._pending:
            key, question = self._pending[0]
            if key in self._asked:
                return
            self._pending.popleft()
            yield question, self._rows(key, self._service.draws(question))

    def _to_be_asked(self, key: str, draws: range) -> list[range]:
        """Runs of draws without an answer of which nobody knows that they have none."""
        known = self._absent.get(key)
        runs = self._folder.missing(key, draws)
        if not known:
            return runs
        return [range(draw, draw + 1) for run in runs for draw in run if draw not in known]

    def _rows(self, key: str, draws: range) -> list[Any]:
        """One for each draw, in their order."""
        rows: list[Any] = self._folder.rows(key, draws)
        if known := self._absent.get(key):
            rows = sorted([*rows, *(known[draw] for draw in draws if draw in known)], key=lambda row: row.draw)
        return rows

    def _progress(self) -> Callable[[int, int], None]:
        done_before, tokens_before = self._num_done, self._num_tokens

        def on_progress(num_done: int, num_tokens: int) -> None:
            self._num_done, self._num_tokens = done_before + num_done, tokens_before + num_tokens
            self._show(self._num_known + self._num_done, self._num_tokens)

        return on_progress
