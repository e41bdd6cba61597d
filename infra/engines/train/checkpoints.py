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


class TimedCheckpoints(TrainerCallback):
    """Asks for a checkpoint every `seconds`, and keeps the newest whole one."""

    def __init__(self, folder: Path, fingerprint: str, seconds: float) -> None:
        self.folder = folder
        self.fingerprint = fingerprint
        self.seconds = seconds
        self.latest = time.monotonic()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        is_due = time.monotonic() - self.latest >= self.seconds and state.global_step < state.max_steps
        control.should_save = group.decided_once(lambda: is_due)

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.latest = time.monotonic()
        group.wait_for_all()  # each device writes a file of its own
        if not group.is_first():
            return
        checkpoint = self.folder / f"checkpoint-{state.global_step}"
        for file in filter(Path.is_file, checkpoint.rglob("*")):
            _sync(file)
        (checkpoint / MARKER).write_text(self.fingerprint)
        _sync(checkpoint / MARKER)
        for other in self.folder.iterdir():
            if other != checkpoint:
                shutil.rmtree(other)


def find_checkpoint(folder: Path, fingerprint: str) -> Path | None:
    """The newest whole checkpoint of this request; every other one is removed."""
    found = None
    for path in sorted(folder.glob("checkpoint-*"), key=step_of, reverse=True):
        marker = path / MARKER
        if found is None and marker.is_file() and marker.read_text() == fingerprint:
            found = path
        else:
            shutil.rmtree(path)
    return found


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
