"""One process with a loaded model, from the control side: it loads its model once and answers jobs until it is closed.

Used by `local_pool.py`. The process starts with the first job, and again with the first one after its end.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from configs import errors
from configs.errors import EngineEndedError, EngineError, UserError
from configs.schema.engine import LocalEngine
from infra.engines.live_weights import Follows, ToldWeights
from infra.engines.models.loadable import LoadableModel
from infra.engines.patience import Patience
from infra.engines.programs import visible_devices
from infra.engines.questions import Row
from infra.engines.runner import Progress
from infra.engines.server_engine import ServerEngine
from infra.engines.transport import CLOSE_SECONDS, ChildTransport, Start, Transport
from infra.engines.wire import Job, Message, read_rows, write_job
from infra.process.child import Inbox

MAX_MACHINES = 5
"""that a session may lose in a row, without an answer in between"""


@dataclass(frozen=True, slots=True)
class Ready:
    """The model is loaded."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Finished:
    """A job is answered."""

    name: str
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Alive:
    """The engine works, and has nothing else to tell."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The process ended while it had work, or was silent for too long and is killed; its jobs are not answered.

    Attributes:
        reason: how it ended, in a few words.
        error: the same with the end of the log, for when it ends the run.
        with_machine: the machine was lost; the process is not to blame.
        for_good: it found no other machine, and is not started again.
    """

    reason: str
    error: UserError
    with_machine: bool = False
    for_good: bool = False


Event = Ready | Progress | Finished | Alive | Lost


def together(used: Iterable[Counter[str]]) -> Counter[str]:
    """Sums by name, those that are 0 included."""
    total: Counter[str] = Counter()
    for one in used:
        total.update(one)
    return total


class Session:
    """A process for one model on one device.

    Args:
        work_dir: holds the log, `NAME.log`, and a scratch folder as long as the process runs.
        device: auto | cpu | cuda:N. N counts the devices visible to this process.
        inbox: where messages arrive; the owner passes those whose source `owns` says to `handle`.
        start: where the program runs.
        on_log: gets a line when the process starts and when its model is loaded.
        follows: its weights change while it is open (`follow`).

    Attributes:
        num_loads: how often a process was started.
        num_losses: how many processes in a row ended without an answer.
        num_machines_lost: how many machines in a row were lost without an answer.
        is_waiting: its machine was lost, and it has not yet loaded its model on another one (`wait_for_machine`).
    """

    def __init__(
        self,
        engine: LocalEngine | ServerEngine,
        model: LoadableModel,
        work_dir: Path,
        device: str,
        *,
        name: str,
        inbox: Inbox,
        start: Start = ChildTransport,
        on_log: Callable[[str], None] | None = None,
        follows: Follows | None = None,
    ) -> None:
        self.engine, self.model, self.device = engine, model, device
        self._follows = follows
        self._weights: ToldWeights | None = None
        self.log_path = work_dir / f"{name}.log"
        self.num_loads = self.num_losses = self.num_machines_lost = 0
        self.is_waiting = False
        self._inbox, self._start = inbox, start
        self._log = on_log or (lambda line: None)
        self._transport: Transport | None = None
        self._rows: dict[str, tuple[str, list[dict[str, Any]]]] = {}
        self._used: Counter[str] = Counter()
        self._used_before: Counter[str] = Counter()
        self._started = 0.0
        self._patience = Patience(engine)

    @property
    def used(self) -> Counter[str]:
        """What its processes have used, as far as their answers told (`runner.Result`)."""
        return together((self._used_before, self._used))

    def submit(self, job: Job) -> None:
        """Send a job; the first one starts the process.

        Raises:
            EngineError: the model's folder is not one, or no process can be started.
        """
        transport = self._transport or self._open()
        if not self._rows:
            self._patience.sign_of_life()
        self._rows[job.name] = job.kind, []
        transport.send(write_job(job))

    def follow(self, weights: ToldWeights) -> None:
        """Answer later jobs by these weights, also where the process has to start again. No job is under way."""
        assert self._follows is not None and not self._rows, "said as the model was loaded; weights change between jobs"
        self._weights = weights
        if self._transport is not None:
            self._transport.send(weights.to_message())

    def wait_for_machine(self) -> None:
        """Start again wherever there is room for it, however long that takes, before there is work."""
        self.is_waiting = True
        self._open()

    def patience(self) -> float | None:
        """Seconds, 0 or more, after which silence counts as the engine's end; None while nothing is asked of it."""
        return self._patience.left() if self._rows or self.is_waiting else None

    def check_silence(self) -> Lost | None:
        """Kill an engine whose patience has run out; call it when no message waits.

        Raises:
            EngineError: the model was not loaded in time; names the limit and the log.
        """
        if self.patience() != 0:
            return None
        assert self._transport is not None, "work is with a process"
        if self.is_waiting:
            return self._give_up_waiting()
        what, field = self._patience.describe()
        message = (
            f"the session of model '{self.model.name}' {what}, and is killed; last lines of {self.log_path}:\n"
            f"{self._transport.log_tail()}"
        )
        fix = f"see the log; where an engine is rightly silent for longer, write a larger {field}"
        return self._lose(what, EngineEndedError(message, fix))

    def handle(self, message: Message | None) -> Event:
        """The event that a message of this session's process stands for; None: its end.

        Raises:
            UserError: a request cannot be answered: its prompt is too long, there is no chat template...
            EngineError: the model cannot be loaded.
        """
        if message is None:
            return self._death()
        if message["kind"] == "error":
            kind = getattr(errors, message["name"])
            error: UserError = kind(f"{message['message']}\n  log: {self.log_path}", message["fix"])
            if self.is_waiting:  # the others have loaded the model
                return self._lose_for_good(message["message"], error)
            if isinstance(error, EngineError):
                return self._lose(message["message"], error)
            self.close()
            raise error
        self._patience.sign_of_life()
        return self._read(message)

    def owns(self, source: object) -> bool:
        """Whether a message from this source is for this session."""
        return self._transport is not None and source is self._transport.source

    def close(self) -> None:
        """End the process; a later job starts it again."""
        transport, self._transport = self._transport, None
        if transport is not None and not transport.close(politely=not self._rows):
            self._log(f"session: {self.model.name} did not close within {CLOSE_SECONDS:.0f} s and is killed")
        self._rows.clear()
        self.is_waiting = False

    def _read(self, message: Message) -> Event:
        if message["kind"] == "ready":
            self._patience.loaded()
            self.is_waiting = False
            seconds = time.monotonic() - self._started
            self._log(f"session: {self.model.name} is loaded, after {seconds:.0f} s")
            return Ready(seconds)
        if message["kind"] == "progress":
            return Progress(message["name"], message["num_samples"], message["num_tokens"])
        if message["kind"] == "rows":
            self._rows[message["name"]][1].extend(message["rows"])
        if message["kind"] == "finished":
            self.num_losses = self.num_machines_lost = 0
            self._used = Counter(message.get("used"))
            kind, rows = self._rows.pop(message["name"])
            return Finished(message["name"], read_rows(kind, rows))
        return Alive()

    def _open(self) -> Transport:
        self.model.check()
        self._log(f"session: loading {self.model.name} with {self.engine.kind} on {self.device}")
        self._started = time.monotonic()
        self._patience = Patience(self.engine)
        self.num_loads += 1
        self._used_before, self._used = self.used, Counter()
        env, forks = visible_devices(self.device), self.engine.kind != "vllm"
        self._transport = self._start(self.log_path, env, forks, self._inbox)
        load = {"kind": "load", "engine": self.engine.model_dump(mode="json"), "model": self.model.to_json()}
        self._transport.send(load | ({"follows": self._follows.to_json()} if self._follows else {}))
        if self._weights is not None:
            self._transport.send(self._weights.to_message())
        return self._transport

    def _lose(self, reason: str, error: EngineError) -> Lost:
        """The process is gone. One that could not load its model is an error: another one could not either."""
        self.close()
        if not self._patience.is_loaded:
            raise error
        self.num_losses += 1
        return Lost(reason, error)

    def _lose_for_good(self, reason: str, error: UserError) -> Lost:
        self.close()
        return Lost(reason, error, for_good=True)

    def _give_up_waiting(self) -> Lost:
        reason = f"no machine took the place of the lost one within {self._patience.limit:g} s"
        fix = "add a node to the cluster, and run the same command again, which goes on from here; where nodes come " \
              "later, write a larger engine.load_seconds"  # fmt: skip
        return self._lose_for_good(reason, EngineEndedError(f"the session of model '{self.model.name}': {reason}", fix))

    def _lose_machine(self, reason: str) -> Lost:
        self.num_machines_lost += 1
        error = EngineEndedError(
            f"the session of model '{self.model.name}' lost its machine: {reason}",
            "run the same command again, which goes on from here",
        )
        if self.num_machines_lost > MAX_MACHINES:
            return self._lose_for_good(reason, error)
        self.close()
        return Lost(reason, error, with_machine=True)

    def _death(self) -> Lost:
        assert self._transport is not None, "it owns the message that says so"
        lost_machine = self._transport.lost_machine()
        if lost_machine is not None:
            return self._lose_machine(lost_machine)
        how, kind = self._transport.describe_end(), EngineEndedError if self._transport.was_killed() else EngineError
        error = kind(
            f"the session of model '{self.model.name}' ended before its work was done: {how}",
            "run the same command again, which goes on from here; where it ends so again, see the log, free memory, "
            "or write a smaller batch_size or max_num_seqs",
        )
        return self._lose(how.partition(";")[0], error)
