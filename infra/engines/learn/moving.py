"""A copy of the trained weights that follows them slowly: teacher <- (1 - rate) teacher + rate policy after each step.

It starts at the weights with which the run of segments begins, an adapter that is fresh included, and is carried in the
folder `optimizer/` beside what goes on anyway; a checkpoint has it too. Kept in float32. Used inside the learner.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from transformers import TrainerCallback

from configs.errors import EngineError
from infra.engines.train import group

MOVING = "moving.safetensors"


class MovingCopy(TrainerCallback):
    """Args:
    model: the trained one; its weights that learn are copied.

    Attributes:
        rate: of the next steps.
    """

    def __init__(self, model: Any) -> None:
        self._weights = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
        self._copy = {name: weight.detach().float().clone() for name, weight in self._weights.items()}
        self._model = model
        self.rate = 0.0

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The model computes with the copy, without dropout or gradient, and gets its own weights back."""
        own = {name: weight.data for name, weight in self._weights.items()}
        was_training = self._model.training
        self._model.eval()
        try:
            for name, weight in self._weights.items():
                weight.data = self._copy[name].to(weight.dtype)
            with torch.no_grad():
                yield
        finally:
            for name, weight in self._weights.items():
                weight.data = own[name]
            self._model.train(was_training)

    @torch.no_grad()
    def move(self) -> None:
        """One step of the copy."""
        for name, weight in self._weights.items():
            self._copy[name].lerp_(weight.detach().float(), self.rate)

    def save(self, folder: Path) -> None:
        """Write it into a folder that is there."""
        save_file({name: weight.contiguous().cpu() for name, weight in self._copy.items()}, folder / MOVING)

    def load(self, folder: Path) -> None:
        """Go on from what `save` wrote.

        Raises:
            EngineError: it is missing, or of another model.
        """
        path = folder / MOVING
        if not path.exists():
            raise EngineError(
                f"the segment before left no {MOVING}, the moving copy of its weights",
                "write train.start_from: base, which carries nothing, or run the segments anew as the recipe is now",
            )
        found = load_file(path)
        sizes = {name: tuple(weight.shape) for name, weight in self._copy.items()}
        if {name: tuple(weight.shape) for name, weight in found.items()} != sizes:
            raise EngineError(f"{MOVING} is of another model", "keep model and tune the same over all rounds")
        self._copy = {name: found[name].to(weight.device) for name, weight in self._copy.items()}

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.move()

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if group.is_first():
            self.save(Path(args.output_dir) / f"checkpoint-{state.global_step}")
