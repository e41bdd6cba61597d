"""The processes that train together, one a device: what one of them knows of the others.

Used inside engine programs; a process that trains alone is a group of one. The first of a group (`is_first`) decides
what has to be decided once, and tells the others; it alone writes, and answers.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import distributed

Value = TypeVar("Value")

WAIT = timedelta(hours=12)
"""how long one waits for another that lives: the starter ends all of them where one ends"""
VARIABLES = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
MPI_SIZES = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "MV2_COMM_WORLD_SIZE")
"""variables of other launchers, by which accelerate would take this process for one of theirs"""
SETTINGS = ("ACCELERATE_", "FSDP_")
"""beginnings of variables by which accelerate would train otherwise than the recipe says"""


def join(rank: int, size: int, meeting: Path | None) -> None:
    """Become one of the processes that train together; to be called before anything of accelerate's.

    Variables by which another launcher counts its own processes, or a user sets accelerate up, are removed first: they
    are not of this training, and in no key.

    Args:
        meeting: a file that is not there yet, the same for all, through which they find each other; None: alone.
    """
    for name in [name for name in os.environ if name in (*VARIABLES, *MPI_SIZES) or name.startswith(SETTINGS)]:
        del os.environ[name]
    if meeting is None:
        return
    numbers = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": size, "LOCAL_WORLD_SIZE": size}
    os.environ.update({name: str(number) for name, number in numbers.items()})
    on_gpu = torch.cuda.is_available()
    if on_gpu:
        torch.cuda.set_device(rank)
    else:
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo" if sys.platform == "linux" else "lo0")
        os.environ.setdefault("OMP_NUM_THREADS", str(max(1, torch.get_num_threads() // size)))
        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    distributed.init_process_group(
        "nccl" if on_gpu else "gloo", init_method=f"file://{meeting}", rank=rank, world_size=size, timeout=WAIT
    )


def leave() -> None:
    """Nothing is asked of the others any more."""
    if distributed.is_initialized():
        distributed.destroy_process_group()


def size() -> int:
    """How many train together."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def rank() -> int:
    """Place of this process among them, from 0."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def is_first() -> bool:
    return rank() == 0


def decided_once(decide: Callable[[], Value]) -> Value:
    """What the first of the group decides, on every one of them; a value that can be pickled."""
    if size() == 1:
        return decide()
    told: list[Any] = [decide() if is_first() else None]
    distributed.broadcast_object_list(told, src=0)
    value: Value = told[0]
    return value


def wait_for_all() -> None:
    """Go on once every one of them is here."""
    if size() > 1:
        distributed.barrier()
