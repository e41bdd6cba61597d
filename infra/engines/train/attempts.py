"""How a training is tried, in turn, while the memory of its devices is too small. Control side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from configs.schema.objective import Objective
from configs.schema.train import Optimizer
from infra.engines.train.layout import largest_divisor


class Sized(Protocol):
    """What of a training says how much it takes at a time."""

    @property
    def optimizer(self) -> Optimizer:
        """See `Optimizer`."""

    @property
    def objective(self) -> Objective:
        """See `Objective`."""


@dataclass(frozen=True)
class Attempt:
    """Settings of a training that change its memory and not its steps, by their names in the recipe."""

    micro_batch_size: int
    gradient_checkpointing: bool

    def words(self) -> str:
        """What is done, for the log."""
        twice = " and gradient_checkpointing, which takes more time" if self.gradient_checkpointing else ""
        return f"{self.micro_batch_size} at a time, more of which make a step{twice}"


def attempts(request: Sized, num_devices: int) -> list[Attempt]:
    """How a training is tried, in turn, while the memory of its devices is too small: with as many examples of a
    backward pass as the recipe says, or from batch_size downwards what divides a device's share of a step; at last with
    gradient checkpointing, where the recipe leaves it open."""
    optimizer = request.optimizer
    share = optimizer.step_size // num_devices
    sizes = [optimizer.micro_batch_size or largest_divisor(share, optimizer.batch_size)]
    while sizes[-1] > 1 and optimizer.micro_batch_size is None and not request.objective.sorts_batch:
        sizes.append(largest_divisor(share, sizes[-1] // 2))
    found = [Attempt(size, optimizer.gradient_checkpointing or False) for size in sizes]
    return [*found, Attempt(sizes[-1], True)] if optimizer.gradient_checkpointing is None else found
