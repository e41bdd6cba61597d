"""Generation over all devices of an engine: shards go to whichever session is free. Used by tasks and flows.

    with GeneratorPool(engine, model, work_dir) as pool:
        for shard, completions in pool.generate(shards): ...

Sessions start when they are first needed and stay open until `close`, so one pool serves every stage that uses
the same model.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from configs.schema.engine import Engine
from infra.engines.jobs import Job, Progress, ScoringJob
from infra.engines.model_files import ModelFiles
from infra.engines.requests import Completion, Messages, Scoring, Shard, read_completions, read_scores
from infra.engines.session import Finished, GeneratorSession
from infra.process.child import Inbox

OnProgress = Callable[[int, int], None]
"""Called with the samples finished and the tokens generated so far in this call."""

AHEAD_SHARDS = 2
AHEAD_WIDTHS = 2
"""What each session has waiting, at least, so that it never idles at the border of two shards: two shards, and
sequences for twice what the engine decodes together."""

SCORINGS_A_JOB = 256


class GeneratorPool:
    """One session a device. Not for use by several threads.

    Raises, from every method that works: EngineError and UserError as `GeneratorSession.next_event`; the pool's
    sessions are then closed, and a later call starts them again.
    """

    def __init__(
        self, engine: Engine, model: ModelFiles, work_dir: Path, on_log: Callable[[str], None] | None = None
    ) -> None:
        self.model = model
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
        for shard, path in self._run(shards, on_progress):
            assert isinstance(shard, Shard)
            yield shard, read_completions(path)

    def score(
        self, pairs: Sequence[tuple[Messages, str]], on_progress: OnProgress | None = None
    ) -> list[tuple[float, int]]:
        """Log-probability and number of tokens of completions, end token included, given their chats."""
        rows = [Scoring(str(number), messages, text) for number, (messages, text) in enumerate(pairs)]
        starts = range(0, len(rows), SCORINGS_A_JOB)
        jobs = (ScoringJob(f"score-{start}", tuple(rows[start : start + SCORINGS_A_JOB])) for start in starts)
        scores = [score for _, path in self._run(jobs, on_progress) for score in read_scores(path)]
        by_id = {score.id: (score.logprob, score.num_tokens) for score in scores}
        return [by_id[row.id] for row in rows]

    def close(self) -> None:
        """End all sessions; their devices are free afterwards."""
        self._loads.clear()
        for session in self._sessions:
            session.close()
        while not self._inbox.empty():
            self._inbox.get()

    def _run(self, jobs: Iterable[Job], on_progress: OnProgress | None) -> Iterator[tuple[Job, Path]]:
        waiting = iter(jobs)
        under_way: dict[str, Job] = {}
        num_samples = num_tokens = 0
        try:
            while self._feed(waiting, under_way):
                child, message = self._inbox.get()
                session = next(session for session in self._sessions if session.owns(child))
                event = session.handle(message)
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
            self._loads[job.name] = (session, job.num_samples if isinstance(job, Shard) else len(job.scorings))
            session.submit(job)

    def _num_sequences(self, session: GeneratorSession) -> int:
        return sum(size for owner, size in self._loads.values() if owner is session)

    def _is_fed(self, session: GeneratorSession) -> bool:
        num_shards = sum(owner is session for owner, _ in self._loads.values())
        return num_shards >= AHEAD_SHARDS and self._num_sequences(session) >= AHEAD_WIDTHS * self._width
