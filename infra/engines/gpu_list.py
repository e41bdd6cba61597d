"""Names of the GPUs that this process may use, the same for every process of the machine. Used by `device_lease.py`.

They come from `nvidia-smi`, which makes no CUDA context: a process that has seen a GPU through CUDA keeps half a
gigabyte of it, and can no longer be forked.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from itertools import takewhile

from configs.errors import EngineError
from infra.engines.programs import GPU_FILES

ALL = "all-gpus"
"""stands for every GPU of a machine whose GPUs cannot be told apart"""
LIST_SECONDS = 60.0
UUID = re.compile(r"\(UUID: ((?:GPU|MIG)-[^)\s]+)\)")


def visible_gpus() -> tuple[str, ...]:
    """UUIDs of the GPUs that this process may use, or of their slices; empty without a GPU."""
    return named_gpus(os.environ.get("CUDA_VISIBLE_DEVICES"))


def named_gpus(visible: str | None) -> tuple[str, ...]:
    """UUIDs of the GPUs that a value of CUDA_VISIBLE_DEVICES shows, or of their slices; None: of all.

    A number in CUDA_VISIBLE_DEVICES is taken for a place in `nvidia-smi`'s list. CUDA counts in the same order where
    all cards are alike, and elsewhere with CUDA_DEVICE_ORDER=PCI_BUS_ID.
    """
    if visible == "" or not any(map(os.path.exists, GPU_FILES)):
        return ()
    try:
        done = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=LIST_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return (ALL,)
    return choose(parse(done.stdout), visible) if UUID.search(done.stdout) else (ALL,)


def visible_names(num_gpus: int) -> list[str]:
    """What CUDA_VISIBLE_DEVICES calls the first GPUs that this process may use, in CUDA's order."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return [str(number) for number in range(num_gpus)]
    return [name.strip() for name in visible.split(",") if name.strip()][:num_gpus]


def find_named(devices: Sequence[str], field: str) -> list[str]:
    """What CUDA_VISIBLE_DEVICES calls devices that a recipe calls cuda:0, cuda:1, ...

    Args:
        field: of the recipe, for the message.

    Raises:
        EngineError: one of them is not there.
    """
    gpus = visible_gpus()
    numbers = [int(device.partition(":")[2]) for device in devices]
    names = visible_names(max(numbers) + 1 if gpus == (ALL,) else len(gpus))
    for device, number in zip(devices, numbers, strict=True):
        if number >= len(names):
            there = {0: "no GPU", 1: "cuda:0 alone"}.get(len(names), f"cuda:0 to cuda:{len(names) - 1}")
            fix = "write devices that are there, or cpu"
            if visible := os.environ.get("CUDA_VISIBLE_DEVICES"):
                fix += f", or show this process more than CUDA_VISIBLE_DEVICES={visible}"
            raise EngineError(f"{field}: there is no {device}: this process sees {there}", fix)
    return [names[number] for number in numbers]


def parse(listing: str) -> list[tuple[str, ...]]:
    """GPUs of `nvidia-smi -L`, in order: the UUID of each, and those of its slices (MIG) after it."""
    gpus: list[tuple[str, ...]] = []
    for name in UUID.findall(listing):
        if name.startswith("GPU-"):
            gpus.append((name,))
        elif gpus:
            gpus[-1] += (name,)
    return gpus


def choose(gpus: list[tuple[str, ...]], visible: str | None) -> tuple[str, ...]:
    """What CUDA_VISIBLE_DEVICES shows: numbers, or beginnings of UUIDs, up to the first that fits nothing.

    A GPU that is cut into slices is held slice by slice, so that runs on two of its slices do not meet.
    """
    if visible is None:
        chosen = gpus
    else:
        found = (_find(gpus, word.strip()) for word in visible.split(","))
        chosen = [gpu for gpu in takewhile(lambda gpu: gpu is not None, found) if gpu is not None]
    return tuple(sorted({name for gpu in chosen for name in gpu[1:] or gpu}))


def _find(gpus: list[tuple[str, ...]], word: str) -> tuple[str, ...] | None:
    if word.isdecimal():
        return gpus[int(word)] if int(word) < len(gpus) else None
    for gpu in gpus:
        for name in gpu:
            if word and name.startswith(word):
                return gpu if name == gpu[0] else (name,)
    return None
