"""Work of one model over all devices of its engine: jobs go to whichever session is free. A `pool.Pool`.

    with LocalPool(engine, model, work_dir) as pool:
        for shard, completions in pool.generate(shards): ...

Sessions start when they are first needed and stay open until `close`, so one pool serves every stage that uses the same
model. What a session that ended had not answered is asked again (`schedule.py`).
"""

from __future__ import annotations

import logging
import queue
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

from configs.errors import EngineError
from configs.schema.engine import LocalEngine
from infra.engines.generate.vllm_metrics import words_of
from infra.engines.gpu_list import visible_gpus
from infra.engines.live_weights import Follows, ToldWeights
from infra.engines.models.loadable import LoadableModel
from infra.engines.patience import shorter
from infra.engines.programs import session_devices
from infra.engines.questions import (
    Completion,
    Embedded,
    Embedding,
    Missing,
    Rated,
    Rating,
    Read,
    Reading,
    Score,
    Scoring,
)
from infra.engines.runner import Progress
from infra.engines.schedule import Answered, Schedule
from infra.engines.server_engine import ServerEngine
from infra.engines.session import Event, Finished, Lost, Ready, Session, together
from infra.engines.tally import Tally
from infra.engines.transport import ChildTransport, Start
from infra.engines.wire import (
    EmbeddingJob,
    Job,
    OnProgress,
    RatingJob,
    ReadingJob,
    ScoringJob,
    Shard,
)
from infra.process.child import Inbox

logger = logging.getLogger(__name__)

Given = TypeVar("Given", Score, Read, Rated, Embedded)
"""answers to given texts"""

ROWS_A_JOB = 256
"""of texts to score, rate or embed"""
NUM_NAMED = 5
"""requests that end processes, of which the log says more than their number"""


class LocalPool:
    """One session a device. Not for use by several threads. For the methods see `pool.Pool`.

    Args:
        start: where sessions run.
        follows: the weights of its sessions change while they are open (`follow`).

    Raises, from every method that works: UserError where no request can be answered; EngineError where the model
    cannot be loaded, the last session ended four times in a row, or the work is not the engine's. The pool's sessions
    are then closed, and a later call starts them again.
    """

    def __init__(
        self,
        engine: LocalEngine | ServerEngine,
        model: LoadableModel,
        work_dir: Path,
        on_log: Callable[[str], None] | None = None,
        start: Start = ChildTransport,
        follows: Follows | None = None,
    ) -> None:
        self.model = model
        self._num_fatal = self._num_calls = 0
        self._left_out: set[int] = set()
        self._engine = engine
        self._inbox: Inbox = queue.SimpleQueue()
        self._sessions = [
            Session(
                engine,
                model,
                work_dir,
                device,
                name=f"session-{number}",
                inbox=self._inbox,
                start=start,
                on_log=on_log,
                follows=follows,
            )
            for number, device in enumerate(_devices(engine, follows))
        ]

    def __enter__(self) -> LocalPool:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def num_sessions(self) -> int:
        return len(self._sessions)

    @property
    def num_loads(self) -> int:
        return sum(session.num_loads for session in self._sessions)

    def spending(self) -> dict[str, float]:
        return {"generator_loads": self.num_loads, **self._used()}

    def generate(
        self, shards: Iterable[Shard], on_progress: OnProgress | None = None
    ) -> Iterator[tuple[Shard, list[Completion | Missing]]]:
        self._refuse_unless("text", "cannot generate", "transformers or vllm")
        for shard, rows in self._run(shards, on_progress):
            assert isinstance(shard, Shard)
            yield shard, [row for row in rows if isinstance(row, (Completion, Missing))]

    def score(self, items: Sequence[Scoring], on_progress: OnProgress | None = None) -> list[Score | Missing]:
        self._refuse_unless("logprobs", "gives no log-probabilities", "transformers or vllm")
        return self._answers("score", ScoringJob, Score, items, on_progress)

    def read(self, items: Sequence[Reading], on_progress: OnProgress | None = None) -> list[Read | Missing]:
        self._refuse_unless("logprobs", "gives no log-probabilities", "transformers or vllm")
        return self._answers("read", ReadingJob, Read, items, on_progress)

    def rate(self, items: Sequence[Rating], on_progress: OnProgress | None = None) -> list[Rated | Missing]:
        self._refuse_unless("rating", "rates nothing", "reward")
        return self._answers("rate", RatingJob, Rated, items, on_progress)

    def embed(self, items: Sequence[Embedding], on_progress: OnProgress | None = None) -> list[Embedded | Missing]:
        self._refuse_unless("embedding", "gives no vectors", "embedding")
        return self._answers("embed", EmbeddingJob, Embedded, items, on_progress)

    def follow(self, weights: ToldWeights) -> None:
        """Answer what is asked from now on by these weights. Errors come with the next answers."""
        for session in self._sessions:
            session.follow(weights)

    def close(self) -> None:
        self._left_out.clear()
        for session in self._sessions:
            session.close()
        while not self._inbox.empty():
            self._inbox.get()

    def _tell_what_is_short(self, used_before: Counter[str], num_texts: int) -> None:
        used = self._used()
        used.subtract(used_before)
        if words := words_of(used, num_texts):
            logger.warning("model '%s': %s", self.model.name, words)

    def _used(self) -> Counter[str]:
        return together(session.used for session in self._sessions)

    def _refuse_unless(self, wanted: str, what: str, kind: str) -> None:
        if wanted not in self._engine.gives:
            raise EngineError(
                f"model '{self.model.name}': the {self._engine.kind} engine {what}", f"write engine: {{kind: {kind}}}"
            )

    def _answers(
        self,
        name: str,
        job: Callable[[str, Any], Job],
        record: type[Given],
        items: Sequence[Any],
        on_progress: OnProgress | None,
    ) -> list[Given | Missing]:
        """One answer an item, in their order; jobs are called by `name`."""
        jobs = (job(f"{name}-{start}", tuple(part)) for start, part in _parts(items))
        rows = (row for _, rows in self._run(jobs, on_progress) for row in rows)
        found = {row.id: row for row in rows if isinstance(row, (record, Missing))}
        return [found[item.id] for item in items]

    def _run(self, jobs: Iterable[Job], on_progress: OnProgress | None) -> Iterator[Answered]:
        engine, jobs = self._engine, iter(jobs)
        if (first := next(jobs, None)) is None:
            return
        self._make_room()
        # What a session of the call before is late with is dropped when it comes: no name is used twice.
        self._num_calls += 1
        names: dict[str, Job] = {}
        schedule = Schedule(
            _renamed(chain([first], jobs), f"{self._num_calls}", names),
            len(self._sessions),
            engine.width,
            works_together=engine.works_together,
            left_out=self._left_out,
            waiting=[number for number, session in enumerate(self._sessions) if session.is_waiting],
        )
        tally, used_before = Tally(on_progress), self._used()
        try:
            while self._feed(schedule):
                number, event = self._next_event(schedule.patience())
                answered = None
                if isinstance(event, Progress):
                    if schedule.progress(number, event.name, event.num_samples):
                        tally.add(event)
                elif isinstance(event, Finished):
                    tally.close(event.name)
                    answered = schedule.finish(number, event.name, event.rows)
                elif isinstance(event, Ready):
                    schedule.resume(number)
                elif isinstance(event, Lost):
                    tally.forget(schedule.held_names(number))
                    answered = self._lose(schedule, number, event)
                if answered is not None:
                    job, rows = answered
                    yield names.pop(job.name), rows
            self._tell_what_is_short(used_before, tally.num_done)
        finally:
            if schedule.is_busy:  # an error, or the caller wants no more: half-done work must not meet the next call
                self.close()

    def _make_room(self) -> None:
        """Called before sessions get their first job."""

    def _keep_sessions(self, number: int) -> None:
        """Do without those that there is no room for; none of them has begun."""
        del self._sessions[number:]

    def _feed(self, schedule: Schedule) -> bool:
        """Give every session enough to do; False when all is done."""
        while (given := schedule.assign()) is not None:
            number, job = given
            self._sessions[number].submit(job)
        return schedule.is_busy

    def _next_event(self, patience: float | None) -> tuple[int, Event | None]:
        """What happened next, and in which session; None if a while passed.

        Args:
            patience: seconds after which to come back in any case.
        """
        limits = (patience, *(session.patience() for session in self._sessions))
        try:
            source, message = self._inbox.get(timeout=shorter(*limits))
        except queue.Empty:
            for number, session in enumerate(self._sessions):
                if (lost := session.check_silence()) is not None:
                    return number, lost
            return 0, None
        for number, session in enumerate(self._sessions):
            if session.owns(source):
                return number, session.handle(message)
        return 0, None  # the last words of a process that was killed

    def _lose(self, schedule: Schedule, number: int, lost: Lost) -> Answered | None:
        """Ask again what a session had not answered.

        Raises:
            EngineError: the session's own, where it ended too often and is the last one.
        """
        session, num_known = self._sessions[number], len(schedule.fatal)
        answered, limit = schedule.lose(number, lost.reason, with_machine=lost.with_machine or lost.for_good)
        for row in schedule.fatal[num_known:]:
            self._num_fatal += 1
            if self._num_fatal <= NUM_NAMED:
                logger.warning("model '%s': request '%s' has no answer: %s", self.model.name, row.id, row.detail)
        if session.num_losses > limit or lost.for_good:
            if not schedule.leave_out(number):
                raise lost.error
            self._left_out.add(number)
            why = "found no machine" if lost.for_good else f"ended {session.num_losses} times in a row"
            logger.warning("model '%s': session %d %s and is left out; the others go on: %s",
                           self.model.name, number, why, lost.error.message)  # fmt: skip
            return answered
        if lost.with_machine:
            logger.warning("model '%s', session %d lost its machine: %s; its work is asked again of others, and it "
                           "waits for another machine", self.model.name, number, lost.reason)  # fmt: skip
            session.wait_for_machine()
            return answered
        logger.warning(
            "model '%s', process %d in a row: %s; its work is asked again; log: %s",
            self.model.name, session.num_losses, lost.reason, session.log_path,
        )  # fmt: skip
        return answered


def _devices(engine: LocalEngine | ServerEngine, follows: Follows | None) -> tuple[str, ...]:
    """Sessions that follow a training leave GPUs to the learner, and are counted by the recipe."""
    elsewhere = engine.hosts == "ray"  # where each sees the GPUs of its place alone
    return session_devices(engine.devices, engine.gpus_each, () if follows or elsewhere else visible_gpus())


def _renamed(jobs: Iterable[Job], call: str, names: dict[str, Job]) -> Iterator[Job]:
    """Jobs under names that no other call uses; `names` then tells which one it is."""
    for job in jobs:
        name = f"{job.name}@{call}"
        if name in names:
            raise ValueError(f"a job called '{job.name}' is under way")
        names[name] = job
        yield replace(job, name=name)


def _parts(items: Sequence[Any]) -> Iterator[tuple[int, Sequence[Any]]]:
    """Slices of a job's size with their starts.

    Raises:
        ValueError: two items have one id.
    """
    if len({item.id for item in items}) < len(items):
        raise ValueError("ids of items to score, rate or embed must be unique")
    for start in range(0, len(items), ROWS_A_JOB):
        yield start, items[start : start + ROWS_A_JOB]
