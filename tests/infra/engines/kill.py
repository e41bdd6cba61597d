"""Ending a training process in the middle, and comparing what it left."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from configs.errors import EngineError
from infra.engines.train.request import TrainReport, TrainRequest
from infra.engines.train.trainer import run_trainer
from tests.processes import started_here


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def kill_trainer() -> None:
    """SIGKILL the training program that this process runs: a fork has its name, a program of its own its command."""
    for process in started_here(_is_trainer):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def _is_trainer(process: psutil.Process) -> bool:
    return "train_program" in process.name() or "infra.engines.train.train_program" in process.cmdline()


def kill_after_a_checkpoint(work: Path) -> Callable[[dict[str, Any]], None]:
    """For `on_progress`: ends the training as soon as a whole checkpoint lies in its work folder."""

    def on_progress(line: dict[str, Any]) -> None:
        if line["step"] < line["num_steps"] and any(work.glob("checkpoints/*/whole")):
            kill_trainer()

    return on_progress


def kill_and_go_on(request: TrainRequest, devices: tuple[str, ...], work: Path, out: Path) -> TrainReport:
    """A training that is killed after a checkpoint, and what goes on from there on other devices."""
    with pytest.raises(EngineError, match="killed by SIGKILL"):
        run_trainer(request, work_dir=work, out_dir=out, on_progress=kill_after_a_checkpoint(work))
    optimizer = request.optimizer.model_copy(update={"devices": devices})
    return run_trainer(request.model_copy(update={"optimizer": optimizer}), work_dir=work, out_dir=out)
