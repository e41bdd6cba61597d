"""One generator process, from the control side: it loads its model once and answers shards until it is closed.

Used by `pool.py`. The process starts with the first job.
"""

from __future__ import annotations

import contextlib
import queue
import shutil
import tempfile
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from configs import errors
from configs.errors import EngineError, UserError
from configs.schema.engine import Engine
from infra.engines.devices import visible_devices
from infra.engines.job import OFFLINE
from infra.engines.jobs import Job, Progress, ScoringJob
from infra.engines.model_files import ModelFiles
from infra.engines.requests import Messages, Scoring, Shard, read_scores, write_rows, write_shard
from infra.process.child import Child, Inbox, Message, engine_python

CLOSE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Ready:
    """The model is loaded."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Finished:
    """A job's result file is complete: completions of a shard, or scores. It is removed with the session."""

    name: str
    path: Path


Event = Ready | Progress | Finished


class GeneratorSession:
    """A generator process for one model on one device.

    Args:
        work_dir: holds the log, and a scratch folder as long as the session is open.
        device: auto | cpu | cuda:N. N counts the devices visible to this process.
        name: of the log, `NAME.log`; one a session.
        inbox: see `Child`; with it the owner passes messages to `handle`, and must not call `next_event`.
        on_log: gets a line when the process starts and when its model is loaded.
    """

    def __init__(
        self,
        engine: Engine,
        model: ModelFiles,
        work_dir: Path,
        device: str = "auto",
        *,
        name: str = "generator",
        inbox: Inbox | None = None,
        on_log: Callable[[str], None] | None = None,
    ) -> None:
        self.engine = engine
        self.model = model
        self.device = device
        self.log_path = work_dir / f"{name}.log"
        self.num_loads = 0
        self._inbox: Inbox = queue.SimpleQueue() if inbox is None else inbox
        self._log = on_log or (lambda line: None)
        self._child: Child | None = None
        self._scratch: Path | None = None
        self._results: dict[str, Path] = {}
        self._set_aside: deque[Event] = deque()
        self._num_jobs = 0
        self._started = 0.0

    def __enter__(self) -> GeneratorSession:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def submit(self, job: Job) -> None:
        """Send a job; the first one starts the process.

        Raises:
            EngineError: the model's folder is not one, or the process has ended.
        """
        if job.name in self._results:
            raise ValueError(f"a job called '{job.name}' is under way")
        child = self._child or self._open(job.seed if isinstance(job, Shard) else 0)
        assert self._scratch is not None
        self._num_jobs += 1
        path = self._scratch / f"job-{self._num_jobs:06d}.jsonl"
        result = path.with_suffix(".result.jsonl")
        if isinstance(job, Shard):
            write_shard(path, job)
        else:
            write_rows(path, job.scorings)
        self._results[job.name] = result
        kind = "generate" if isinstance(job, Shard) else "score"
        self._send(child, {"kind": kind, "name": job.name, "path": str(path), "result": str(result)})

    def next_event(self, timeout: float | None = None) -> Event | None:
        """What happened next; None if nothing did within `timeout` seconds.

        Raises:
            UserError: a request cannot be answered: its prompt is too long, there is no chat template...
            EngineError: the engine failed, or its process ended.
        """
        if self._set_aside:
            return self._set_aside.popleft()
        try:
            child, message = self._inbox.get(timeout=timeout)
        except queue.Empty:
            return None
        return self.handle(message) if child is self._child else None

    def handle(self, message: Message | None) -> Event:
        """The event that a message of this session's process stands for. Raises as `next_event`."""
        if message is None:
            raise self._death()
        if message["kind"] == "error":
            kind = getattr(errors, message["name"])
            self.close()
            raise kind(f"{message['message']}\n  log: {self.log_path}", message["fix"])
        if message["kind"] == "ready":
            seconds = time.monotonic() - self._started
            self._log(f"generator: {self.model.name} is loaded, after {seconds:.0f} s")
            return Ready(seconds)
        if message["kind"] == "progress":
            return Progress(message["name"], message["num_samples"], message["num_tokens"])
        return Finished(message["name"], self._results.pop(message["name"]))

    def score(self, pairs: Sequence[tuple[Messages, str]]) -> list[tuple[float, int]]:
        """Log-probability and number of tokens of completions, end token included, given their chats.

        Events of other jobs are kept for `next_event`. Raises as `next_event`.
        """
        rows = tuple(Scoring(str(number), messages, text) for number, (messages, text) in enumerate(pairs))
        self.submit(ScoringJob("score", rows))
        others: deque[Event] = deque()
        while True:
            event = self.next_event()
            if isinstance(event, Finished) and event.name == "score":
                self._set_aside = others
                return [(score.logprob, score.num_tokens) for score in read_scores(event.path)]
            if isinstance(event, (Progress, Finished)) and event.name != "score":
                others.append(event)

    def owns(self, child: Child) -> bool:
        """Whether a message of this child is for this session."""
        return child is self._child

    def close(self) -> None:
        """End the process and remove the scratch folder; a later job starts it again."""
        child, self._child = self._child, None
        if child is not None:
            if not self._results and child.poll() is None:
                self._send_close(child)
            child.kill()
        if self._scratch is not None:
            shutil.rmtree(self._scratch)
            self._scratch = None
        self._results.clear()

    def _open(self, seed: int) -> Child:
        self.model.check()
        self._log(f"generator: loading {self.model.name} with {self.engine.kind} on {self.device}")
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        self._scratch = Path(tempfile.mkdtemp(prefix="generator-", dir=self.log_path.parent))
        self._started = time.monotonic()
        self.num_loads += 1
        self._child = Child(
            [engine_python(), "-m", "infra.engines.generator"],
            log_path=self.log_path,
            env={**OFFLINE, **visible_devices(self.device)},
            stdin=True,
            inbox=self._inbox,
        )
        load: dict[str, Any] = {"kind": "load", "engine": self.engine.model_dump(mode="json")}
        load |= {"model": self.model.to_json(), "scratch": str(self._scratch), "seed": seed}
        self._send(self._child, load)
        return self._child

    def _send(self, child: Child, message: Message) -> None:
        with contextlib.suppress(BrokenPipeError):  # its last message says why it ended, and is still to be read
            child.send(message)

    def _send_close(self, child: Child) -> None:
        self._send(child, {"kind": "close"})
        try:
            child.wait(CLOSE_SECONDS)
        except TimeoutError:
            self._log(f"generator: {self.model.name} did not close within {CLOSE_SECONDS:.0f} s and is killed")

    def _death(self) -> UserError:
        reason = self._child.describe_exit() if self._child else "closed"
        self.close()
        return EngineError(
            f"the generator of model '{self.model.name}' ended before its work was done: {reason}",
            "see the log; after a kill by the system, free memory or write a smaller batch_size or max_num_seqs",
        )
