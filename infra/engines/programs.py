"""Starts an engine program, `infra.engines.NAME`, by way of `bare.py`. Used by `transport.py` and `one_shot.py`.

Importing torch and its kin takes six seconds of a CPU, and a round starts an engine two or three times. So where it
can be done, engines are forks of one process that has imported them. A process that has seen a GPU cannot be forked;
there, each engine is a new program.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from configs.errors import EngineError
from configs.schema.engine import gpu_numbers
from infra.process.child import Child, Inbox, engine_python
from infra.process.forking import ForkServer, fork_server

OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
"""for programs whose files are all local: a library that asks the hub anyway would wait for a time-out"""
LIBRARIES = (
    "bare", "generate.transformers_runner", "reward.runner", "embedding.runner", "train.phase", "learn.segment",
    "models.tiny_llama", "models.merge",
)  # fmt: skip
"""modules that import, between them, everything that engine programs other than vLLM's use, and nothing else"""
GPU_FILES = ("/dev/nvidiactl", "/dev/kfd")

logger = logging.getLogger(__name__)


def start_program(
    program: str,
    arguments: Sequence[str] = (),
    *,
    log_path: Path,
    env: Mapping[str, str],
    stdin: bool = False,
    inbox: Inbox | None = None,
    forks: bool = True,
) -> Child:
    """Start a program.

    Args:
        env: variables on top of this process's own.
        forks: False for a program with libraries of its own.

    Where the process that has imported the libraries ended, this program imports them itself, and says so.
    """
    streams: dict[str, Any] = {"log_path": log_path, "env": env, "stdin": stdin, "inbox": inbox}
    if forks and can_fork({**os.environ, **env}):
        try:
            return Child([program, *arguments], **streams, start=_server().start)
        except EOFError as error:
            logger.warning("the process that has imported the engines' libraries ended (%s)\n"
                           "this engine imports them itself, which takes a few seconds", error)  # fmt: skip
    return Child([engine_python(), "-m", "infra.engines.bare", program, *arguments], **streams)


def import_ahead() -> None:
    """Begin to import what engines need, if they may be forks, while other things are done."""
    if can_fork({**os.environ, **OFFLINE}):
        _server()


def _server() -> ForkServer:
    modules = [f"infra.engines.{name}" for name in LIBRARIES]
    return fork_server(engine_python(), modules, OFFLINE)


def can_fork(environment: Mapping[str, str]) -> bool:
    """Whether a program may be a fork: on Linux, where no GPU is seen, of libraries that were imported offline."""
    if sys.platform != "linux" or not OFFLINE.items() <= environment.items():
        return False
    sees_gpu = environment.get("CUDA_VISIBLE_DEVICES") != "" and any(map(os.path.exists, GPU_FILES))
    return not sees_gpu


def is_missing(package: str) -> bool:
    """Whether the engines' interpreter is known not to have a package; nothing is known of another than this one."""
    return engine_python() == sys.executable and importlib.util.find_spec(package) is None


def visible_devices(device: str) -> dict[str, str]:
    """Environment that shows a process only its own device, whose name there is `cuda`.

    Raises:
        EngineError: the device's name cannot be read, or there is no such device.
    """
    if device == "auto":
        return {}
    if device == "cpu":
        return {"CUDA_VISIBLE_DEVICES": ""}
    try:
        numbers = gpu_numbers(device)
    except ValueError as error:
        raise EngineError(f"engine.devices: {error}") from error
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return {"CUDA_VISIBLE_DEVICES": ",".join(map(str, numbers))}
    names = [name for name in visible.split(",") if name]
    if numbers[-1] >= len(names):
        raise EngineError(
            f"engine.devices: '{device}' is beyond the {len(names)} devices of CUDA_VISIBLE_DEVICES={visible}",
            "write a smaller number, or make more devices visible",
        )
    return {"CUDA_VISIBLE_DEVICES": ",".join(names[number] for number in numbers)}


def session_devices(devices: tuple[str, ...], gpus_each: int, gpus: Sequence[str]) -> tuple[str, ...]:
    """The device of each session; `auto` is as many sessions as the GPUs carry.

    Args:
        gpus_each: that a session takes.
        gpus: UUIDs of those that this process may use. Slices of a GPU are not counted: CUDA has no numbers for them.
    """
    num_gpus = sum(gpu.startswith("GPU-") for gpu in gpus)
    if devices != ("auto",) or num_gpus < 2 * gpus_each:
        return devices
    firsts = range(0, num_gpus - gpus_each + 1, gpus_each)
    return tuple(f"cuda:{first}" if gpus_each == 1 else f"cuda:{first}-{first + gpus_each - 1}" for first in firsts)
