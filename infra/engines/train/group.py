"""The processes that train together, one a device: what one of them knows of the others.

Used inside engine programs; a process that trains alone is a group of one. The first of a group (`is_first`) decides
what has to be decided once, and tells the others; it alone writes, and answers.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import distributed

from infra.engines.errand import Part
from infra.engines.train.meeting import leave_last, meet

Value = TypeVar("Value")

VARIABLES = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
MPI_SIZES = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "MV2_COMM_WORLD_SIZE")
"""variables of other launchers, by which accelerate would take this process for one of theirs"""
SETTINGS = ("ACCELERATE_", "FSDP_")
"""beginnings of variables by which accelerate would train otherwise than the recipe says"""
_between_machines: list[distributed.Store] = []
"""where processes of several machines meet; empty on one machine"""


def join(rank: int, size: int, meeting: Path | Part | None) -> None:
    """Become one of the processes that train together; to be called before anything of accelerate's.

    Variables by which another launcher counts its own processes, or a user sets accelerate up, are removed first: they
    are not of this training, and in no key.

    Args:
        meeting: a file that is not there yet, the same for all, through which they find each other; where they are on
            several machines this one's part; None: alone.

    Raises:
        EngineError: the machines cannot reach each other.
    """
    for name in [name for name in os.environ if name in (*VARIABLES, *MPI_SIZES) or name.startswith(SETTINGS)]:
        del os.environ[name]
    if meeting is None:
        return
    num_here = size // meeting.count if isinstance(meeting, Part) else size
    place = rank % num_here
    numbers = {"RANK": rank, "LOCAL_RANK": place, "WORLD_SIZE": size, "LOCAL_WORLD_SIZE": num_here}
    os.environ.update({name: str(number) for name, number in numbers.items()})
    on_gpu = torch.cuda.is_available()
    if on_gpu:
        torch.cuda.set_device(place)
    else:
        os.environ.setdefault("OMP_NUM_THREADS", str(max(1, torch.get_num_threads() // num_here)))
        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    _between_machines.clear()
    if (store := meet("nccl" if on_gpu else "gloo", rank, size, meeting)) is not None:
        _between_machines.append(store)


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


def is_first_here() -> bool:
    """Whether it is the first of those on its machine."""
    return size() == 1 or os.environ["LOCAL_RANK"] == "0"


def is_on_one_machine() -> bool:
    return size() == 1 or os.environ["LOCAL_WORLD_SIZE"] == os.environ["WORLD_SIZE"]


def decided_once(decide: Callable[[], Value]) -> Value:
    """What the first of the group decides, on every one of them; a value that can be pickled."""
    if size() == 1:
        return decide()
    told: list[Any] = [decide() if is_first() else None]
    distributed.broadcast_object_list(told, src=0)
    value: Value = told[0]
    return value


def decided_on_each_machine(decide: Callable[[], Value]) -> Value:
    """As `decided_once`, where files come of it: the first on every machine decides, all of them the same."""
    if is_on_one_machine():
        return decided_once(decide)
    own = decide() if is_first_here() else None
    told: list[Any] = gathered(own)
    value: Value = told[0]
    return value


def gathered(own: Value) -> list[Value]:
    """What each of them has, in their order, on every one; values that can be pickled."""
    if size() == 1:
        return [own]
    found: list[Any] = [None] * size()
    distributed.all_gather_object(found, own)
    return found


def wait_for_all() -> None:
    """Go on once every one of them is here."""
    if size() > 1:
        distributed.barrier()


def end_together() -> None:
    """Go on once every one of them is here, the first once nobody needs it any more: it answers, and is ended."""
    wait_for_all()
    for store in _between_machines:
        leave_last(store, rank(), size())
