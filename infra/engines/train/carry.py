"""Optimizer and learning-rate schedule that go on from round to round. Used inside `train_program.py`.

A carried state is a folder `optimizer/` with optimizer.pt and scheduler.pt, tensors and plain values only.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback

from configs.errors import EngineError
from infra.engines.train import group
from infra.engines.train.output import publish_folder
from infra.engines.train.shared_weights import part_of, whole

OPTIMIZER, SCHEDULER = "optimizer.pt", "scheduler.pt"


class CarriedState(TrainerCallback):
    """Loads the state of the round before at the first step of a phase; a checkpoint brings its own.

    Args:
        first_step: step of the whole schedule at which this phase begins.
    """

    def __init__(self, folder: Path, first_step: int) -> None:
        self.folder = folder
        self.first_step = first_step

    def on_train_begin(
        self, args: Any, state: Any, control: Any, optimizer: Any = None, lr_scheduler: Any = None, **_: Any
    ) -> None:
        if state.global_step > 0:
            return
        schedule = self._read(SCHEDULER)
        if schedule["last_epoch"] != self.first_step:
            raise EngineError(
                f"the carried learning-rate schedule stands at step {schedule['last_epoch']}, and this round begins at "
                f"step {self.first_step}",
                "train the rounds in order, with the same max_steps",
            )
        try:
            optimizer.load_state_dict(_own_part(self._read(OPTIMIZER), optimizer))
            _check_shapes(optimizer)
        except ValueError as error:
            raise EngineError(
                f"the carried optimizer does not fit the model: {error}", "keep tune the same over all rounds"
            ) from error
        lr_scheduler.load_state_dict(schedule)

    def _read(self, name: str) -> dict[str, Any]:
        is_read_in_parts = group.size() > 1
        content: dict[str, Any] = torch.load(
            self.folder / name, map_location="cpu", weights_only=True, mmap=is_read_in_parts
        )
        return content


def _own_part(state: dict[str, Any], optimizer: Any) -> dict[str, Any]:
    """A state as this process holds it: its part of the moments of weights that devices share."""
    weights = [one for params in optimizer.param_groups for one in params["params"]]
    moments = {
        number: {name: part_of(value, weights[number]) for name, value in values.items()}
        for number, values in state["state"].items()
        if number < len(weights)
    }
    return {**state, "state": moments}


def _check_shapes(optimizer: Any) -> None:
    """torch reads moments of another shape without a word, and fails in the first step.

    Raises:
        ValueError: a moment has not the shape of its weights.
    """
    for weights, values in optimizer.state.items():
        for name, moment in values.items():
            if isinstance(moment, torch.Tensor) and moment.ndim and moment.shape != weights.shape:
                there, wanted = (tuple(one.shape) for one in (moment, weights))
                raise ValueError(f"{name} has the shape {there}, and the weights {wanted}")


def save_state(optimizer: Any, scheduler: Any, folder: Path) -> None:
    """Write the state that `CarriedState` reads. Where devices share the weights all of them are to call this; the
    first writes."""
    state = optimizer.state_dict()
    moments = {}
    for number, values in state["state"].items():  # put together weights by weights
        found = {name: _on_cpu(value) for name, value in values.items()}
        if group.is_first():
            moments[number] = found
    if not group.is_first():
        return
    with publish_folder(folder) as partial:
        torch.save({"state": moments, "param_groups": state["param_groups"]}, partial / OPTIMIZER)
        torch.save(scheduler.state_dict(), partial / SCHEDULER)


def _on_cpu(value: Any) -> Any:
    return whole(value).cpu() if isinstance(value, torch.Tensor) else value
