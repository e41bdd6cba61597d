"""One training phase from loading to the report. Used inside the engine program `train_program.py`."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, TrainerCallback
from transformers.trainer_callback import PrinterCallback

from configs.schema.train import Lora
from infra.engines.models.model_files import ModelFiles
from infra.engines.models.probe import Probe, coarser, measure, name_of, write_probe
from infra.engines.train import group
from infra.engines.train.carry import CarriedState, save_state
from infra.engines.train.checkpoints import TimedCheckpoints, name_of_checkpoint
from infra.engines.train.metrics import MetricsStream, read_metrics, rewind_metrics
from infra.engines.train.objectives.registry import objective_of
from infra.engines.train.output import save_adapter, save_model
from infra.engines.train.prepare import load_rows, make_trainer, remove_rows
from infra.engines.train.reference import add_reference
from infra.engines.train.request import PhaseRequest, TrainReport, TrainRequest
from infra.engines.train.rows import tokens_of
from infra.engines.train.saved import CHECKPOINTS, METRICS, REFERENCE_FILE, step_of
from infra.engines.train.setup import arithmetic, choose_dtype, load_tokenizer, load_trainable, shares_weights
from infra.engines.train.shared_weights import is_shared
from infra.engines.train.steps import CountedSteps


def run_phase(
    request: TrainRequest, work_dir: Path, out_dir: Path, send: Callable[[dict[str, Any]], None]
) -> TrainReport | None:
    """Train, from the newest checkpoint where there is one; write the result; remove what a resume would need.

    Returns:
        The report; None on every device but the first.
    """
    started = time.monotonic()
    fingerprint = request.fingerprint()
    checkpoints, metrics = work_dir / CHECKPOINTS, work_dir / METRICS
    trainer, num_too_long = prepare(request, work_dir, fingerprint)
    added = objective_of(request.objective).rows.metrics
    trainer.add_callback(MetricsStream(metrics, added, lambda: trainer.step_tokens, send))
    newest = group.decided_once(lambda: name_of_checkpoint(checkpoints, fingerprint))
    checkpoint = checkpoints / newest if newest else None  # each machine has it in a folder of its own
    resumed_from_step = step_of(checkpoint) if checkpoint else 0
    if group.is_first():
        rewind_metrics(metrics, resumed_from_step)
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    if group.is_first() or is_shared(trainer.model):
        save_result(request, trainer, tokens_of(trainer.train_dataset[0]), out_dir)
    if group.is_first():
        shutil.copyfile(metrics, out_dir / METRICS)
    group.end_together()
    if not group.is_first():
        return None
    shutil.rmtree(checkpoints, ignore_errors=True)
    (work_dir / REFERENCE_FILE).unlink(missing_ok=True)
    remove_rows(work_dir)
    return make_report(
        read_metrics(metrics),
        num_examples=len(trainer.train_dataset),
        num_too_long=num_too_long,
        seconds=time.monotonic() - started,
        resumed_from_step=resumed_from_step,
    )


def prepare(request: TrainRequest, work_dir: Path, fingerprint: str) -> tuple[CountedSteps, int]:
    """The trainer with its model and rows, and the number of rows that are too long."""
    tokenizer = load_tokenizer(request.model)
    rows, num_too_long = load_rows(request, tokenizer, work_dir)
    if request.objective.needs_reference:
        rows = add_reference(request, rows, work_dir, fingerprint)
    checkpoints = work_dir / CHECKPOINTS
    callbacks: list[TrainerCallback] = [
        TimedCheckpoints(checkpoints, fingerprint, request.optimizer.checkpoint_seconds)
    ]
    if request.resume_state is not None:
        callbacks.append(CarriedState(request.resume_state, request.first_step))
    model = load_trainable(request, shared=shares_weights(request))
    trainer = make_trainer(request, tokenizer, model, rows, checkpoints, callbacks)
    trainer.remove_callback(PrinterCallback)  # it prints what the metrics file holds
    return trainer, num_too_long


def save_result(request: PhaseRequest, trainer: Any, tokens: Sequence[int], out_dir: Path) -> None:
    """Write `adapter/`, or `model/` in the number format that the base was published in; what the trained model says
    of a text; and a state to be carried. Where devices share the weights all of them are to call this.

    Args:
        tokens: of the text, 2 or more; the same on all devices.
    """
    model, files = trainer.accelerator.unwrap_model(trainer.model), request.model
    if isinstance(request.tune, Lora):
        save_adapter(model, files, out_dir / "adapter")
    else:
        save_model(model, files, _published_dtype(files), out_dir / "model")
    probe = probe_of(request, model, tokens, trainer.accelerator.device)
    if group.is_first():
        write_probe(probe, out_dir)
    if request.total_steps is not None:
        save_state(trainer.optimizer, trainer.lr_scheduler, out_dir / "optimizer")


def probe_of(request: PhaseRequest, model: Any, tokens: Sequence[int], device: torch.device) -> Probe:
    """What the trained model, its adapter in place, says of a text's beginning."""
    formats = [choose_dtype(request)]
    if not isinstance(request.tune, Lora):
        formats.append(_published_dtype(request.model))
    with arithmetic(request, device):
        return measure(model, tokens, coarser(*map(name_of, formats)))


def _published_dtype(files: ModelFiles) -> torch.dtype:
    config = AutoConfig.from_pretrained(files.weights, trust_remote_code=files.trust_remote_code)
    return config.dtype or torch.float32


def make_report(steps: list[dict[str, Any]], **known: Any) -> TrainReport:
    """The report of a phase from its lines of metrics."""
    losses = [step["loss"] for step in steps]
    return TrainReport(
        num_tokens=sum(step["tokens"] for step in steps),
        num_steps=len(steps),
        first_loss=losses[0],
        last_loss=losses[-1],
        mean_loss=sum(losses) / len(losses),
        **known,
    )
