"""The device of a process: when its GPU is free, and how many CPU threads a small model is worth.

Used inside engine programs.
"""

from __future__ import annotations

import time
from typing import Any

import torch

from configs.errors import EngineError

FREE_SECONDS = 60.0

SINGLE_THREAD_PARAMETERS = 4_000_000
"""Models below run on one CPU thread: their operations last microseconds, and with any other busy process on
the machine a second thread makes them several times slower (measured: up to ten times). The bytes that such a
model's training ends with then do not depend on the number of cores either."""


def wait_for_memory(share: float) -> None:
    """Wait until this share of the visible GPU's memory is free.

    The driver gives memory back a little after the end of the process that held it.

    Raises:
        EngineError: it is still not free after a minute: somebody else uses the GPU.
    """
    deadline = time.monotonic() + FREE_SECONDS
    while True:
        free, total = torch.cuda.mem_get_info()
        if free >= share * total:
            return
        if time.monotonic() > deadline:
            raise EngineError(
                f"only {free / 2**30:.1f} of {total / 2**30:.1f} GiB of the GPU are free, and "
                f"engine.gpu_memory_utilization: {share} asks for {share * total / 2**30:.1f}",
                f"end what else uses the GPU, or write engine.gpu_memory_utilization: {0.98 * free / total:.2f}",
            )
        time.sleep(0.5)


def limit_threads(model: Any) -> None:
    """One thread for a small model where there is no GPU; larger models keep what they have."""
    if not torch.cuda.is_available() and model.num_parameters() < SINGLE_THREAD_PARAMETERS:
        torch.set_num_threads(1)
