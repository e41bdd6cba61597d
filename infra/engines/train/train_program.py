"""Engine program: training on any objective of `configs/schema/objective.py`. Started by `trainer.py`.

    python -m infra.engines.train.train_program REQUEST.json

Where several CUDA devices are visible it starts itself again, once for each, through `accelerate launch`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from configs.errors import EngineError
from infra.engines.one_shot import answer_job
from infra.engines.train.request import TrainRequest


def main() -> None:
    answer_job(train)


def train(message: dict[str, Any], send: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Train as asked, write the result, report. See `trainer.run_trainer` for the files and errors."""
    import torch

    if torch.cuda.device_count() > 1 and "LOCAL_RANK" not in os.environ:
        launch_on_every_device(torch.cuda.device_count())

    from infra.engines.train.phase import run_phase

    request = TrainRequest.model_validate(message["request"])
    try:
        report = run_phase(request, Path(message["work_dir"]), Path(message["out_dir"]), send)
    except torch.OutOfMemoryError as error:
        raise EngineError(
            f"the device's memory is too small for batch_size {request.optimizer.batch_size}: {error}",
            "write a smaller batch_size and more gradient_accumulation, or gradient_checkpointing: true",
        ) from error
    return report.model_dump()


def launch_on_every_device(num_devices: int) -> None:
    """Replace this process by `accelerate launch` of the same program."""
    launch = ["-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", str(num_devices)]
    os.execv(sys.executable, [sys.executable, *launch, "-m", "infra.engines.train.train_program", *sys.argv[1:]])


if __name__ == "__main__":
    main()
