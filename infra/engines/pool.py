"""Work of a local model over all devices of its engine: jobs go to whichever session is free.

    with GeneratorPool(engine, model, work_dir) as pool:
        for shard, completions in pool.generate(shards): ...

Opened by `tasks/core/bench.py` for a role of the recipe. Sessions start when they are first needed and stay open until
`close`, so one pool serves every stage that uses the same model.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from configs.errors import EngineError
from configs.schema.engine import LocalEngine
from infra.engines.models.model_files import ModelFiles
from infra.engines.patience import shorter
from infra.engines.session import Finished, GeneratorSession
from infra.engines.wire import (
    Completion,
    Rated,
    Rating,
    Score,
    Scoring,
    Shard,
    read_completions,
    read_rated,
    read_scores,
)
from infra.engines.work import Job, Progress, RatingJob, ScoringJob, num_sequences
from infra.process.child import Inbox

Row = TypeVar("Row", Scoring, Rating)
OnProgress = Callable[[int, int], None]
"""Called with the samples finished and the tokens generated (or read, in scoring and rating) so far in this call."""

AHEAD_SHARDS = 2
AHEAD_WIDTHS = 2
"""What each session has waiting, at least, so that it never idles at the border of two shards: two shards, and
sequences for twice what the engine decodes together."""

ROWS_A_JOB = 256
"""of texts to score or rate"""


class GeneratorPool:
    """One session a device. Not for use by several threads.

    Raises, from every method that works: EngineError and UserError as `GeneratorSession.next_event`, and EngineError
    for work that is not the engine's; the pool's sessions are then closed, and a later call starts them again.
    """

    def __init__(
        self, engine: LocalEngine, model: ModelFiles, work_dir: Path, on_log: Callable[[str], None] | None = None
    ) -> None:
        self.model = model
        self._engine = engine
        self._width = engine.max_num_seqs if engine.kind == "vllm" else engine.batch_size
        self._inbox: Inbox = queue.SimpleQueue()
        self._sessions = [
            GeneratorSession(
                engine, model, work_dir, device, name=f"generator-{number}", inbox=self._inbox, on_log=on_log
            )
            for number, device in enumerate(engine.devices)
        ]
        self._loads: dict[str, tuple[GeneratorSession, int]] = {}

    def __enter__(self) -> GeneratorPool:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def num_loads(self) -> int:
        """How often a process loaded the model."""
        return sum(session.num_loads for session in self._sessions)

    @property
    def log_paths(self) -> list[Path]:
        return [session.log_path for session in self._sessions]

    def generate(
        self, shards: Iterable[Shard], on_progress: OnProgress | None = None
    ) -> Iterator[tuple[Shard, list[Completion]]]:
        """Answer shards, in order of completion; each shard's completions lie in order of request and draw.

        Shards are taken from the iterable as they are needed.
        """
        self._refuse_unless(self._engine.kind != "reward", "cannot generate", "transformers or vllm")
        for shard, path in self._run(shards, on_progress):
            assert isinstance(shard, Shard)
            yield shard, read_completions(path)

    def score(self, items: Sequence[Scoring], on_progress: OnProgress | None = None) -> list[Score]:
        """Log-probabilities of completions given their chats and prefixes, in order of the items.

        Args:
            items: ids are unique. Completions of one chat are cheapest next to each other.
        """
        self._refuse_unless(self._engine.kind != "reward", "gives no log-probabilities", "transformers or vllm")
        jobs = [ScoringJob(f"score-{start}", tuple(part)) for start, part in _parts(items)]
        scores = [score for _, path in self._run(jobs, on_progress) for score in read_scores(path)]
        by_id = {score.id: score for score in scores}
        return [by_id[item.id] for item in items]

    def rate(self, items: Sequence[Rating], on_progress: OnProgress | None = None) -> list[Rated]:
        """A reward model's opinion of answers, in order of the items, whose ids are unique."""
        self._refuse_unless(self._engine.kind == "reward", "rates nothing", "reward")
        jobs = [RatingJob(f"rate-{start}", tuple(part)) for start, part in _parts(items)]
        rated = [row for _, path in self._run(jobs, on_progress) for row in read_rated(path)]
        by_id = {row.id: row for row in rated}
        return [by_id[item.id] for item in items]

    def close(self) -> None:
        """End all sessions; their devices are free afterwards."""
        self._loads.clear()
        for session in self._sessions:
            session.close()
        while not self._inbox.empty():
            self._inbox.get()

    def _refuse_unless(self, is_able: bool, what: str, kind: str) -> None:
        if not is_able:
            raise EngineError(
                f"model '{self.model.name}': the {self._engine.kind} engine {what}", f"write engine: {{kind: {kind}}}"
            )

    def _run(self, jobs: Iterable[Job], on_progress: OnProgress | None) -> Iterator[tuple[Job, Path]]:
        waiting = iter(jobs)
        under_way: dict[str, Job] = {}
        num_samples = num_tokens = 0
        try:
            while self._feed(waiting, under_way):
                event = self._next_event()
                if isinstance(event, Progress):
                    num_samples += event.num_samples
                    num_tokens += event.num_tokens
                    if on_progress is not None:
                        on_progress(num_samples, num_tokens)
                elif isinstance(event, Finished):
                    del self._loads[event.name]
                    yield under_way.pop(event.name), event.path
                    event.path.unlink()
        finally:
            if under_way:  # an error, or the caller wants no more: half-done work must not meet the next call
                self.close()

    def _next_event(self) -> object:
        """What happened next in any session; None if a while passed. Raises where one is silent for too long."""
        try:
            child, message = self._inbox.get(timeout=shorter(*(session.patience() for session in self._sessions)))
        except queue.Empty:
            for session in self._sessions:
                session.check_silence()
            return None
        session = next(session for session in self._sessions if session.owns(child))
        return session.handle(message)

    def _feed(self, waiting: Iterator[Job], under_way: dict[str, Job]) -> bool:
        """Give every session enough to do; False when all is done."""
        while True:
            session = min(self._sessions, key=self._num_sequences)
            if self._is_fed(session):
                return True
            job = next(waiting, None)
            if job is None:
                return bool(under_way)
            under_way[job.name] = job
            self._loads[job.name] = (session, num_sequences(job))
            session.submit(job)

    def _num_sequences(self, session: GeneratorSession) -> int:
        return sum(size for owner, size in self._loads.values() if owner is session)

    def _is_fed(self, session: GeneratorSession) -> bool:
        num_shards = sum(owner is session for owner, _ in self._loads.values())
        return num_shards >= AHEAD_SHARDS and self._num_sequences(session) >= AHEAD_WIDTHS * self._width


def _parts(items: Sequence[Row]) -> Iterator[tuple[int, Sequence[Row]]]:
    """Slices of a job's size with their starts.

    Raises:
        ValueError: two items have one id.
    """
    if len({item.id for item in items}) < len(items):
        raise ValueError("ids of items to score or rate must be unique")
    for start in range(0, len(items), ROWS_A_JOB):
        yield start, items[start : start + ROWS_A_JOB]
