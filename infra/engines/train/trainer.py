"""Training on the control side: starts the engine program `train_program.py`, follows it, returns its report.

Called by the train and warm start stages. Nothing heavy is imported here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from configs.errors import DeviceMemoryError, EngineError
from configs.schema.train import FullWeights
from infra.engines.errand import Part
from infra.engines.gpu_memory import wait_for_gpus
from infra.engines.one_shot import run_job
from infra.engines.programs import OFFLINE
from infra.engines.train.attempts import attempts
from infra.engines.train.devices import Devices, choose_devices
from infra.engines.train.request import PhaseRequest, TrainReport, TrainRequest

MEETING = "meeting"
"""file of the work folder through which the processes of one training find each other"""

logger = logging.getLogger(__name__)


def run_trainer(
    request: TrainRequest,
    *,
    work_dir: Path,
    out_dir: Path,
    on_progress: Callable[[dict[str, Any]], None] | None = None,
) -> TrainReport:
    """Train in child processes, one a device. The same call after a kill goes on from the newest checkpoint in
    `work_dir`, and on the CPU ends with the same bytes as a straight run on as many devices.

    Where the recipe does not say how many examples a device takes at a time, they are halved when its memory is too
    small, and what lies between the layers is computed twice when one is too large; training goes on from the newest
    checkpoint.

    Writes into `out_dir` either `adapter/` or `model/`; `metrics.jsonl` with one line a step: step, loss,
    learning_rate, tokens, for pairs reward_margin and reward_accuracy, for labelled rows reward_margin,
    for trajectories ratio and clipped_share; and `optimizer/` where the request has `total_steps`.

    Args:
        work_dir: request, log, checkpoints, rows as token ids, the reference's log-probabilities and the growing
            metrics; checkpoints, token ids and log-probabilities are gone after success.
        out_dir: made if missing; an earlier result in it is replaced.
        on_progress: called about five times a second at most with a line of the metrics and `num_steps`.

    Raises:
        EngineError: the request contradicts itself or its rows, the loss is not finite, memory ran out, or the process
            died.
    """
    check_request(request)
    devices = choose_devices(request.optimizer, is_one=request.objective.sorts_batch)
    first, *others = attempts(request, devices.num_devices)
    for attempt, smaller in zip([first, *others], [*others, None], strict=True):
        optimizer = request.optimizer.model_copy(update=asdict(attempt))
        wait_for_gpus(devices.gpus)
        try:
            sized = request.model_copy(update={"optimizer": optimizer})
            return TrainReport(**run_processes(sized, devices, work_dir, out_dir, on_progress))
        except DeviceMemoryError as error:
            if smaller is None:
                raise
            logger.warning("%s\nit goes on with %s", error.message, smaller.words())
    raise AssertionError("there is an attempt")


def run_part(
    request: TrainRequest,
    part: Part,
    *,
    work_dir: Path,
    out_dir: Path,
    on_progress: Callable[[dict[str, Any]], None] | None = None,
) -> TrainReport | None:
    """As `run_trainer`, one machine's part of a training on several: `devices` are those here, and every other machine
    has as many. Nothing is tried twice: whoever began all parts ends them, and begins them all again.

    Returns:
        The report; None where it is not the first part, which leaves nothing in `out_dir` either.

    Raises:
        EngineError: as of `run_trainer`, and where the machines do not reach each other; a DeviceMemoryError where
            fewer examples at a time would help.
    """
    assert not request.tune.can_be_shared, "a checkpoint of shared weights lies on the disks of all machines"
    check_request(request)
    devices = choose_devices(request.optimizer)
    wait_for_gpus(devices.gpus)
    answer = run_processes(request, devices, work_dir, out_dir, on_progress, part)
    return TrainReport(**answer) if part.number == 0 else None


def run_processes(
    request: TrainRequest,
    devices: Devices,
    work_dir: Path,
    out_dir: Path,
    on_progress: Callable[[dict[str, Any]], None] | None,
    part: Part | None = None,
) -> dict[str, Any]:
    """Start one process for each device, and wait for the answer of the first of all."""
    meeting = work_dir / MEETING
    meeting.unlink(missing_ok=True)
    num_here = devices.num_devices
    return run_job(
        "infra.engines.train.train_program",
        {
            "request": request.model_dump(mode="json"), "work_dir": str(work_dir), "out_dir": str(out_dir),
            "num_devices": num_here * (part.count if part else 1), "meeting": str(meeting),
            "part": asdict(part) if part else None,
        },
        what=f"training of {request.model.name}",
        work_dir=work_dir,
        env={**OFFLINE, **devices.env},
        on_progress=on_progress,
        num_processes=num_here,
        first_number=part.number * num_here if part else 0,
    )  # fmt: skip


def check_request(request: TrainRequest) -> None:
    """See that the files are there and that the settings go together, before any process is started.

    Raises:
        EngineError: names the model or the field, and what to write.
    """
    check_files(request)
    least = request.objective.min_batch_size
    if request.optimizer.batch_size < least:
        raise EngineError(
            f"the objective {request.objective.kind} needs a batch_size of {least} or more: it compares the rows of a "
            "batch",
            f"write batch_size: {least} or more",
        )


def check_files(request: PhaseRequest) -> None:
    """See that the models' files are there and can be trained as asked.

    Raises:
        EngineError: names the model or the field, and what to write.
    """
    request.model.check()
    for frozen in (request.reference, *request.further_references.values()):
        if frozen is not None:
            frozen.check()
    if request.model.adapter is not None and isinstance(request.tune, FullWeights):
        raise EngineError(
            f"training of {request.model.name}: full weights cannot be trained through an adapter",
            "write tune: {kind: lora} with the adapter's settings, or start from a model without an adapter",
        )
