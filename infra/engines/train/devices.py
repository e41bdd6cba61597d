"""Where a training runs: which devices, and what its processes see of them. Control side, called by `trainer.py`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from configs.errors import EngineError
from configs.schema.train import Optimizer, check_shares
from infra.engines.errand import Wanted
from infra.engines.gpu_list import ALL, find_named, named_gpus, visible_gpus, visible_names
from infra.engines.programs import visible_devices
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
        return gpus_in(self.env)


def choose_devices(optimizer: Optimizer, field: str = "train.devices", *, is_one: bool = False) -> Devices:
    """The devices that a recipe names; with `auto` all visible GPUs, or as many as a step divides by.

    Args:
        field: of the recipe, for messages.
        is_one: `auto` is one GPU.

    Raises:
        EngineError: a device is not there, or a step does not divide by them.
    """
    names = optimizer.devices
    if names[0] == "cpu":
        return Devices(len(names), {VISIBLE: ""})
    if names != ("auto",):
        return _on(find_named(names, field))
    gpus = visible_gpus()
    if not gpus:
        return Devices(1, {})
    can_work_together = all(name.startswith("GPU-") for name in gpus)  # slices of a GPU cannot
    most = len(gpus) if can_work_together and not is_one else 1
    num_devices = largest_divisor(optimizer.step_size, most)
    try:
        check_shares(optimizer, num_devices)
    except ValueError as error:
        raise EngineError(f"{field.rpartition('.')[0]}.{error}", "or name the devices") from error
    return _on(visible_names(1 if gpus == (ALL,) else len(gpus))[:num_devices])


def wanted_devices(optimizer: Optimizer, most: int, *, is_one: bool = False, is_whole: bool = False) -> Wanted:
    """Devices of other machines that a training takes: as many as the recipe names, whatever it calls them; with `auto`
    as many GPUs of one machine as a step divides by, or a CPU.

    Args:
        most: GPUs of a machine.
        is_one: `auto` is one GPU.
        is_whole: all have to be on one machine.
    """
    names = optimizer.devices
    if names != ("auto",):
        return Wanted(len(names), names[0] != "cpu", is_whole)
    num = largest_divisor(optimizer.step_size, 1 if is_one else most) if most else 1
    return Wanted(num, most > 0, is_whole)


def renumbered(optimizer: Optimizer, num_machines: int = 1) -> Optimizer:
    """The same, for one of some machines, on which a training sees its own GPUs alone."""
    names = optimizer.devices[: len(optimizer.devices) // num_machines]
    if names[0].startswith("cuda"):
        names = tuple(f"cuda:{number}" for number in range(len(names)))
    return optimizer.model_copy(update={"devices": names})


def fewer_devices(optimizer: Optimizer) -> Iterator[Optimizer]:
    """The same on fewer devices, ever fewer of those that it names, with the same steps."""
    names = optimizer.devices
    for num in range(len(names) - 1, 0, -1):
        if len(names) % num == 0:  # so that whatever a step divides into still does
            yield optimizer.model_copy(update={"devices": names[:num]})


def gpus_in(env: Mapping[str, str]) -> tuple[str, ...]:
    """UUIDs of the GPUs that a process sees whose environment is this one's with `env`."""
    return named_gpus(env.get(VISIBLE, os.environ.get(VISIBLE)))


def one_device(device: str) -> dict[str, str]:
    """Environment of a process that trains alone: of several GPUs it sees the first, or libraries would take all."""
    if device != "auto" or len(visible_gpus()) < 2:
        return visible_devices(device)
    return {VISIBLE: visible_names(1)[0]}


def _on(numbers: Sequence[str]) -> Devices:
    return Devices(len(numbers), {VISIBLE: ",".join(numbers)})
