"""Which GPU a generator process sees, and when that GPU is free. Used by `session.py` and by `vllm_engine.py`."""

from __future__ import annotations

import os
import time

from configs.errors import EngineError

FREE_SECONDS = 60.0


def visible_devices(device: str) -> dict[str, str]:
    """Environment that shows a process only its own device, whose name there is `cuda`.

    Raises:
        EngineError: the device's name cannot be read, or there is no such device.
    """
    if device == "auto":
        return {}
    if device == "cpu":
        return {"CUDA_VISIBLE_DEVICES": ""}
    kind, _, number = device.partition(":")
    if kind != "cuda" or not number.isdigit():
        raise EngineError(f"engine.devices: '{device}' is no device", "write auto, cpu, or cuda:0, cuda:1, ...")
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return {"CUDA_VISIBLE_DEVICES": number}
    names = [name for name in visible.split(",") if name]
    if int(number) >= len(names):
        raise EngineError(
            f"engine.devices: '{device}' is beyond the {len(names)} devices of CUDA_VISIBLE_DEVICES={visible}",
            "write a smaller number, or make more devices visible",
        )
    return {"CUDA_VISIBLE_DEVICES": names[int(number)]}


def wait_for_memory(share: float) -> None:
    """Wait until this share of the visible GPU's memory is free; called inside an engine program.

    The driver gives memory back a little after the end of the process that held it.

    Raises:
        EngineError: it is still not free after a minute: somebody else uses the GPU.
    """
    import torch

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
