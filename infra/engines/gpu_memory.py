"""Whether GPUs are free, and who holds them, before a program takes their memory.

The driver gives memory back a little after the end of the process that held it. `nvidia-smi` is asked, since a process
that looks through CUDA keeps half a gigabyte of the GPU itself.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from configs.errors import EngineError
from infra.engines.gpu_list import LIST_SECONDS

FREE_SECONDS = 60.0
POLL_SECONDS = 0.5
OWED_SHARE = 0.1
"""of a GPU's memory that may be held by nobody: the driver's own, and what it has not given back yet"""
LEAST_SHARE = 0.1
"""of a GPU's memory: with less of it free nothing is begun"""


@dataclass(frozen=True)
class Gpu:
    """Memory of a GPU, in MiB, and what each process has of it: "python (process 12, 900 MiB)"."""

    uuid: str
    free: int
    total: int
    held: int = 0
    holders: tuple[str, ...] = ()

    @property
    def is_settled(self) -> bool:
        """Whether what is not free is held by somebody who lives."""
        return self.free + self.held >= (1 - OWED_SHARE) * self.total


def wait_for_gpus(uuids: Collection[str], read: Callable[[], list[Gpu]] | None = None) -> None:
    """Wait until the driver has given back what the dead held of these GPUs, a minute at most.

    Args:
        uuids: of whole GPUs; others are not looked at.

    Raises:
        EngineError: one of them has hardly anything free: says who holds it.
    """
    deadline = time.monotonic() + FREE_SECONDS
    while True:
        gpus = [gpu for gpu in (read or read_gpus)() if gpu.uuid in uuids]
        taken = [gpu for gpu in gpus if gpu.free < LEAST_SHARE * gpu.total]
        is_late = time.monotonic() > deadline
        if is_late and taken:
            raise _taken(taken)
        if is_late or (not taken and all(gpu.is_settled for gpu in gpus)):
            return
        time.sleep(POLL_SECONDS)


def wait_for_share(share: float, uuids: Collection[str], read: Callable[[], list[Gpu]] | None = None) -> None:
    """Wait until this share of each of these GPUs is free, a minute at most.

    Args:
        share: of a GPU's memory, in (0, 1].
        uuids: of whole GPUs; others are not looked at.

    Raises:
        EngineError: it is still not free: says who holds the rest, and what would fit.
    """
    deadline = time.monotonic() + FREE_SECONDS
    while short := [gpu for gpu in (read or read_gpus)() if gpu.uuid in uuids and gpu.free < share * gpu.total]:
        if time.monotonic() > deadline:
            fits = min(gpu.free / gpu.total for gpu in short)
            raise EngineError(
                f"engine.gpu_memory_utilization: {share} asks for more than is free; {'; '.join(map(_told, short))}",
                f"end what else uses the GPU, or write engine.gpu_memory_utilization: {0.98 * fits:.2f}",
            )
        time.sleep(POLL_SECONDS)


def read_gpus() -> list[Gpu]:
    """The GPUs of this machine as they are now; none where nothing is told of them."""
    gpus = _query("--query-gpu=uuid,memory.free,memory.total")
    processes = _query("--query-compute-apps=gpu_uuid,pid,process_name,used_memory")
    return parse_gpus(gpus, processes)


def parse_gpus(gpus: str, processes: str) -> list[Gpu]:
    """Two tables of `nvidia-smi`: CSV without header and units. What is not told of a process counts as 0."""
    held: dict[str, int] = {}
    holders: dict[str, list[str]] = {}
    for row in _rows(processes, 4):
        uuid, pid, name, memory = row[0], row[1], ", ".join(row[2:-1]), row[-1]
        held[uuid] = held.get(uuid, 0) + (int(memory) if memory.isdecimal() else 0)
        size = f"{memory} MiB" if memory.isdecimal() else "memory unknown"
        holders.setdefault(uuid, []).append(f"{name} (process {pid}, {size})")
    return [
        Gpu(uuid, int(free), int(total), held.get(uuid, 0), tuple(holders.get(uuid, ())))
        for uuid, free, total in _rows(gpus, 3) if free.isdecimal() and total.isdecimal()
    ]  # fmt: skip


def _rows(table: str, num_columns: int) -> list[list[str]]:
    rows = [[field.strip() for field in line.split(",")] for line in table.splitlines()]
    return [row for row in rows if len(row) >= num_columns]


def _query(what: str) -> str:
    command = ["nvidia-smi", what, "--format=csv,noheader,nounits"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=LIST_SECONDS, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ""


def _taken(gpus: list[Gpu]) -> EngineError:
    told = "; ".join(map(_told, gpus))
    return EngineError(f"GPUs are taken: {told}", "end what holds them, or name others in train.devices")


def _told(gpu: Gpu) -> str:
    holders = ", ".join(gpu.holders) or "processes that nvidia-smi does not show"
    return f"{gpu.uuid}: {gpu.free} of {gpu.total} MiB are free, held by {holders}"
