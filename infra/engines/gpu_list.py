"""Names of the GPUs that this process may use, the same for every process of the machine. Used by `device_lease.py`.

They come from `nvidia-smi`, which makes no CUDA context: a process that has seen a GPU through CUDA keeps half a
gigabyte of it, and can no longer be forked.
"""

from __future__ import annotations

import os
import re
import subprocess
from itertools import takewhile

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
