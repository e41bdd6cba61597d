"""Checkpoints inside a training phase, written by the clock. Used inside the engine program `train_program.py`.

The trainer's files come first and a small marker last: without marker a checkpoint does not exist, and it is
resumed only by the request that wrote it.
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from infra.engines.train import group
from infra.engines.train.saved import MARKER, step_of

FORMAT = "2"
"""of what a checkpoint holds: one of another format, left by another version, is not gone on from"""
LONG_SECONDS, STEPS_TO_SAVING = 10.0, 30
"""A checkpoint that takes longer to write is worth this many times as long of steps: full weights of a large model take
minutes."""


class TimedCheckpoints(TrainerCallback):
    """Asks for a checkpoint every `seconds`, less often where writing one takes long; the newest whole one stays."""

    def __init__(self, folder: Path, fingerprint: str, seconds: float) -> None:
        self.folder = folder
        self.fingerprint = fingerprint
        self.seconds = seconds
        self.took = 0.0
        self.asked = self.latest = time.monotonic()

    @property
    def interval(self) -> float:
        """Seconds from one checkpoint to the next."""
        return max(self.seconds, STEPS_TO_SAVING * self.took) if self.took > LONG_SECONDS else self.seconds

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.asked = time.monotonic()
        is_due = self.asked - self.latest >= self.interval and state.global_step < state.max_steps
        control.should_save = group.decided_once(lambda: is_due)

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        group.wait_for_all()  # each device writes a file of its own
        if group.is_first():
            self._keep(state)
        self.latest = time.monotonic()
        self.took = self.latest - self.asked

    def _keep(self, state: Any) -> None:
        checkpoint = self.folder / f"checkpoint-{state.global_step}"
        for file in filter(Path.is_file, checkpoint.rglob("*")):
            _sync(file)
        (checkpoint / MARKER).write_text(mark(self.fingerprint))
        _sync(checkpoint / MARKER)
        for other in self.folder.iterdir():
            if other != checkpoint:
                shutil.rmtree(other)


def find_checkpoint(folder: Path, fingerprint: str) -> Path | None:
    """The newest whole checkpoint of this request; every other one is removed."""
    found = None
    for path in sorted(folder.glob("checkpoint-*"), key=step_of, reverse=True):
        marker = path / MARKER
        if found is None and marker.is_file() and marker.read_text() == mark(fingerprint):
            found = path
        else:
            shutil.rmtree(path)
    return found


def name_of_checkpoint(folder: Path, fingerprint: str) -> str | None:
    """As `find_checkpoint`, without the folder that it lies in."""
    found = find_checkpoint(folder, fingerprint)
    return found.name if found else None


def mark(fingerprint: str) -> str:
    """What stands in the file that makes a checkpoint of a request exist."""
    return f"{FORMAT} {fingerprint}"


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
