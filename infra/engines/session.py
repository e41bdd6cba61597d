"""One generator process, from the control side: it loads its model once and answers shards until it is closed.

Used by `pool.py`. The process starts with the first job.
"""

from __future__ import annotations

import contextlib
import queue
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from configs import errors
from configs.errors import EngineError, UserError
from configs.schema.engine import LocalEngine
from infra.engines.devices import visible_devices
from infra.engines.models.model_files import ModelFiles
from infra.engines.patience import Patience, shorter
from infra.engines.programs import OFFLINE, start_program
from infra.engines.work import Job, Progress, write_job
from infra.process.child import Child, Inbox, Message

CLOSE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Ready:
    """The model is loaded."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Finished:
    """A job's result file is complete. It is removed with the session."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Alive:
    """The engine works, and has nothing else to tell."""


Event = Ready | Progress | Finished | Alive


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
        engine: LocalEngine,
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
        self._num_jobs = 0
        self._started = 0.0
        self._patience: Patience | None = None

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
        child = self._child or self._open()
        assert self._scratch is not None and self._patience is not None
        if not self._results:
            self._patience.sign_of_life()
        self._num_jobs += 1
        path = self._scratch / f"job-{self._num_jobs:06d}.jsonl"
        result = path.with_suffix(".result.jsonl")
        kind = write_job(path, job)
        self._results[job.name] = result
        self._send(child, {"kind": kind, "name": job.name, "path": str(path), "result": str(result)})

    def next_event(self, timeout: float | None = None) -> Event | None:
        """What happened next; None if nothing did within `timeout` seconds, or for as long as patience lasts.

        Raises:
            UserError: a request cannot be answered: its prompt is too long, there is no chat template...
            EngineError: the engine failed, was silent for too long, or its process ended.
        """
        try:
            child, message = self._inbox.get(timeout=shorter(timeout, self.patience()))
        except queue.Empty:
            self.check_silence()
            return None
        return self.handle(message) if child is self._child else None

    def patience(self) -> float | None:
        """Seconds, 0 or more, after which silence counts as the engine's end; None while nothing is asked of it."""
        return self._patience.left() if self._results and self._patience else None

    def check_silence(self) -> None:
        """Kill an engine whose patience has run out; call it when no message waits.

        Raises:
            EngineError: names the limit and the log.
        """
        if self.patience() != 0:
            return
        assert self._patience is not None and self._child is not None
        what, field = self._patience.describe()
        tail = self._child.log_tail()
        self.close()
        raise EngineError(
            f"the generator of model '{self.model.name}' {what}, and is killed; last lines of {self.log_path}:\n{tail}",
            f"see the log; where an engine is rightly silent for longer, write a larger {field}",
        )

    def handle(self, message: Message | None) -> Event:
        """The event that a message of this session's process stands for. Raises as `next_event`."""
        if message is None:
            raise self._death()
        if message["kind"] == "error":
            kind = getattr(errors, message["name"])
            self.close()
            raise kind(f"{message['message']}\n  log: {self.log_path}", message["fix"])
        assert self._patience is not None
        self._patience.sign_of_life()
        if message["kind"] == "alive":
            return Alive()
        if message["kind"] == "ready":
            self._patience.loaded()
            seconds = time.monotonic() - self._started
            self._log(f"generator: {self.model.name} is loaded, after {seconds:.0f} s")
            return Ready(seconds)
        if message["kind"] == "progress":
            return Progress(message["name"], message["num_samples"], message["num_tokens"])
        return Finished(message["name"], self._results.pop(message["name"]))

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

    def _open(self) -> Child:
        self.model.check()
        self._log(f"generator: loading {self.model.name} with {self.engine.kind} on {self.device}")
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        self._scratch = Path(tempfile.mkdtemp(prefix="generator-", dir=self.log_path.parent))
        self._started = time.monotonic()
        self._patience = Patience(self.engine)
        self.num_loads += 1
        self._child = start_program(
            "infra.engines.generate.generator",
            log_path=self.log_path,
            env={**OFFLINE, **visible_devices(self.device)},
            stdin=True,
            inbox=self._inbox,
            forks=self.engine.kind != "vllm",
        )
        load: dict[str, Any] = {"kind": "load", "engine": self.engine.model_dump(mode="json")}
        load |= {"model": self.model.to_json(), "scratch": str(self._scratch)}
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
