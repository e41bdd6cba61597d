"""Which GPU a generator process sees. Used by `session.py`."""

from __future__ import annotations

import os

from configs.errors import EngineError


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
