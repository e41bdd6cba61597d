"""Where a training runs: which devices, and what its processes see of them. Control side, called by `trainer.py`."""

from __future__ import annotations

import os
from dataclasses import dataclass

from configs.errors import EngineError
from configs.schema.train import Optimizer, check_shares
from infra.engines.gpu_list import named_gpus, visible_gpus
from infra.engines.train.layout import largest_divisor

VISIBLE = "CUDA_VISIBLE_DEVICES"


@dataclass(frozen=True)
class Devices:
    """One process for each of `num_devices`, and the environment of all."""

    num_devices: int
    env: dict[str, str]

    @property
    def gpus(self) -> tuple[str, ...]:
        """UUIDs of the GPUs among them."""
        return named_gpus(self.env[VISIBLE]) if self.env.get(VISIBLE) else ()


def choose_devices(optimizer: Optimizer, *, is_one: bool = False) -> Devices:
    """The devices that a recipe names; with `auto` all visible GPUs, or as many as a step divides by.

    Args:
        is_one: `auto` is one GPU.

    Raises:
        EngineError: a device is not there, or a step does not divide by them.
    """
    names = optimizer.devices
    if names[0] == "cpu":
        return Devices(len(names), {VISIBLE: ""})
    gpus = visible_gpus()
    numbers = _numbers(gpus)
    if names == ("auto",):
        return _all_visible(optimizer, gpus, numbers[:1] if is_one else numbers)
    for name in names:
        if int(name.partition(":")[2]) >= len(numbers):
            there = f"cuda:0 to cuda:{len(numbers) - 1}" if len(numbers) > 1 else "cuda:0" if numbers else "no GPU"
            raise EngineError(
                f"train.devices: there is no {name} here: this process sees {there}",
                "write devices that are there, cpu, or auto" + (
                    f", or make more visible: {VISIBLE}={os.environ[VISIBLE]}" if VISIBLE in os.environ else ""
                ),
            )  # fmt: skip
    chosen = [numbers[int(name.partition(":")[2])] for name in names]
    return Devices(len(names), {VISIBLE: ",".join(chosen)})


def _all_visible(optimizer: Optimizer, gpus: tuple[str, ...], numbers: list[str]) -> Devices:
    if not gpus:
        return Devices(1, {})
    can_work_together = all(name.startswith("GPU-") for name in gpus)  # slices of a GPU cannot
    num_devices = largest_divisor(optimizer.step_size, len(numbers)) if can_work_together else 1
    try:
        check_shares(optimizer, num_devices)
    except ValueError as error:
        raise EngineError(f"train.{error}", "write devices, or a batch size that fits") from error
    return Devices(num_devices, {VISIBLE: ",".join(numbers[:num_devices])})


def _numbers(gpus: tuple[str, ...]) -> list[str]:
    """What CUDA_VISIBLE_DEVICES calls the visible GPUs, in CUDA's order."""
    visible = os.environ.get(VISIBLE)
    if visible is not None:
        return [name for name in visible.split(",") if name][: len(gpus)]
    return [str(number) for number in range(len(gpus))]
