"""Checkpoints of full weights: every process writes what it has, and any number of processes goes on from there.

    checkpoint-20/parts/    model and optimizer, in torch's format of distributed checkpoints
    checkpoint-20/          what the library writes: schedule, random numbers, counts

Base of all trainers, see `shared_steps.py`.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import torch
from torch.distributed import checkpoint as distributed_checkpoint
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_state_dict,
    set_model_state_dict,
    set_optimizer_state_dict,
)
from transformers import Trainer
from transformers.trainer import SCHEDULER_NAME

from infra.engines.train import group

PARTS = "parts"


class SharedCheckpoints(Trainer):
    """A trainer whose checkpoints may be written by all processes.

    To be mixed into a trainer of TRL, left of it.
    """

    writes_parts: bool = False
    """False: checkpoints are the library's, whose first process writes whole weights"""

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        if not self.writes_parts:
            super().save_model(output_dir, _internal_call)

    def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
        if not self.writes_parts:
            super()._save_optimizer_and_scheduler(output_dir)
            return
        folder = Path(output_dir)
        folder.mkdir(parents=True, exist_ok=True)
        write_parts(self._bare_model(), self._bare_optimizer(), folder / PARTS)
        if group.is_first():
            torch.save(self.lr_scheduler.state_dict(), folder / SCHEDULER_NAME)

    def _save_rng_state(self, output_dir: str) -> None:
        """Of several machines the first has the checkpoint whole: with the random numbers of all processes."""
        super()._save_rng_state(output_dir)
        if group.is_on_one_machine():
            return
        own = Path(output_dir) / f"rng_state_{group.rank()}.pth"
        states = group.gathered((own.name, own.read_bytes()))
        if group.is_first():
            for name, state in states:
                (Path(output_dir) / name).write_bytes(state)
        elif group.is_first_here():
            shutil.rmtree(output_dir)  # nobody goes on from a part

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        if not self.writes_parts:  # they are read when the optimizer is there
            super()._load_from_checkpoint(resume_from_checkpoint, model)

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        if not self.writes_parts or checkpoint is None:
            super()._load_optimizer_and_scheduler(checkpoint)
            return
        folder = Path(checkpoint)
        read_parts(self._bare_model(), self._bare_optimizer(), folder / PARTS)
        self.lr_scheduler.load_state_dict(torch.load(folder / SCHEDULER_NAME, weights_only=True))

    def _bare_model(self) -> Any:
        return self.accelerator.unwrap_model(self.model)

    def _bare_optimizer(self) -> torch.optim.Optimizer:
        optimizer: torch.optim.Optimizer = getattr(self.optimizer, "optimizer", self.optimizer)
        return optimizer


def write_parts(model: torch.nn.Module, optimizer: torch.optim.Optimizer, folder: Path) -> None:
    """Every process writes what it has of weights and moments."""
    weights, moments = get_state_dict(model, optimizer)
    state = {"model": weights, "optimizer": moments}
    distributed_checkpoint.save(state, checkpoint_id=folder, no_dist=group.size() == 1)


def read_parts(model: torch.nn.Module, optimizer: torch.optim.Optimizer, folder: Path) -> None:
    """Every process reads its part, on whatever number of processes.

    Raises:
        CheckpointException: a weight is missing, or a moment of one that has moments.
    """
    weights, moments = get_state_dict(model, optimizer)
    # A weight that no example has used so far has no moments yet, and gets none: its first step is still to come.
    written = distributed_checkpoint.FileSystemReader(folder).read_metadata().state_dict_metadata
    used = {name: value for name, value in moments["state"].items() if f"optimizer.state.{name}.step" in written}
    state = {"model": weights, "optimizer": {**moments, "state": used}}
    distributed_checkpoint.load(state, checkpoint_id=folder, no_dist=group.size() == 1)
    set_model_state_dict(model, state["model"])
    set_optimizer_state_dict(model, optimizer, state["optimizer"], options=StateDictOptions(strict=False))
