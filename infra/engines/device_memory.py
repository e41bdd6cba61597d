"""When the GPU is free. Used inside the engine program, by `vllm_engine.py`."""

from __future__ import annotations

import time

import torch

from configs.errors import EngineError

FREE_SECONDS = 60.0


def wait_for_memory(share: float) -> None:
    """Wait until this share of the visible GPU's memory is free; called inside an engine program.

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
