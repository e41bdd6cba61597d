"""Engine program: training on any objective of `configs/schema/objective.py`. Started by `trainer.py`.

    python -m infra.engines.train.train_program REQUEST.json [NUMBER]

Where several devices train together there is one such process for each, on one machine or on several.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from configs.errors import DeviceMemoryError
from infra.engines.errand import Part
from infra.engines.one_shot import answer_job, own_number
from infra.engines.train.request import TrainRequest

CPU_IS_FULL = "DefaultCPUAllocator: can't allocate memory"


def main() -> None:
    answer_job(train)


def train(message: dict[str, Any], send: Callable[[dict[str, Any]], None]) -> dict[str, Any] | None:
    """Train as asked, write the result, report. See `trainer.run_trainer` for the files and errors."""
    import torch

    from infra.engines.train import group
    from infra.engines.train.phase import run_phase
    from infra.engines.train.setup import micro_size

    request = TrainRequest.model_validate(message["request"])
    group.join(own_number(), message["num_devices"], _meeting(message))
    try:
        report = run_phase(request, Path(message["work_dir"]), Path(message["out_dir"]), send)
    except RuntimeError as error:
        if not isinstance(error, torch.OutOfMemoryError) and CPU_IS_FULL not in str(error):
            raise
        raise DeviceMemoryError(
            f"the device's memory is too small for {micro_size(request)} examples at a time: {error}",
            "write a smaller micro_batch_size, or gradient_checkpointing: true",
        ) from error
    group.leave()
    return report.model_dump() if report is not None else None


def _meeting(message: dict[str, Any]) -> Path | Part | None:
    if message["part"] is not None:
        return Part(**message["part"])
    return Path(message["meeting"]) if message["num_devices"] > 1 else None


if __name__ == "__main__":
    main()
