"""One training phase from loading to the report. Used inside the engine program `sft.py`."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from transformers import AutoConfig
from transformers.trainer_callback import PrinterCallback

from configs.schema.train import Lora
from infra.engines.checkpoints import TimedCheckpoints, find_checkpoint
from infra.engines.train_metrics import MetricsStream, read_metrics, rewind_metrics
from infra.engines.train_output import save_adapter, save_model
from infra.engines.train_request import TrainReport, TrainRequest
from infra.engines.train_setup import choose_settings, load_rows, load_trainable
from infra.engines.weighted_sft import WeightedCollator, WeightedSFTTrainer


def run_phase(
    request: TrainRequest, work_dir: Path, out_dir: Path, send: Callable[[dict[str, Any]], None]
) -> TrainReport:
    """Train, from the newest checkpoint where there is one; write the result; remove the checkpoints."""
    started = time.monotonic()
    tokenizer, model = load_trainable(request)
    rows, num_too_long = load_rows(request, tokenizer, model)
    checkpoints, metrics = work_dir / "checkpoints", work_dir / "metrics.jsonl"
    fingerprint = request.fingerprint()
    trainer = WeightedSFTTrainer(
        model=model,
        args=choose_settings(request, len(rows), checkpoints),
        data_collator=WeightedCollator(pad_token_id=tokenizer.pad_token_id or tokenizer.eos_token_id),
        train_dataset=rows,
        processing_class=tokenizer,
        callbacks=[TimedCheckpoints(checkpoints, fingerprint, request.optimizer.checkpoint_seconds)],
    )
    trainer.remove_callback(PrinterCallback)  # it prints what the metrics file holds
    trainer.add_callback(MetricsStream(metrics, lambda: trainer.step_tokens, send))
    is_main = trainer.is_world_process_zero()
    with trainer.accelerator.main_process_first():
        checkpoint = find_checkpoint(checkpoints, fingerprint)
    resumed_from_step = int(checkpoint.name.rpartition("-")[2]) if checkpoint else 0
    if is_main:
        rewind_metrics(metrics, resumed_from_step)
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    if is_main:
        save_result(request, trainer.accelerator.unwrap_model(trainer.model), out_dir)
        shutil.copyfile(metrics, out_dir / "metrics.jsonl")
        shutil.rmtree(checkpoints, ignore_errors=True)
    steps = read_metrics(metrics)
    losses = [step["loss"] for step in steps]
    return TrainReport(
        num_examples=len(rows),
        num_too_long=num_too_long,
        num_tokens=sum(step["tokens"] for step in steps),
        num_steps=len(steps),
        first_loss=losses[0],
        last_loss=losses[-1],
        mean_loss=sum(losses) / len(losses),
        seconds=time.monotonic() - started,
        resumed_from_step=resumed_from_step,
    )


def save_result(request: TrainRequest, model: Any, out_dir: Path) -> None:
    """Write `adapter/`, or `model/` in the number format that the base was published in."""
    if isinstance(request.tune, Lora):
        save_adapter(model, request.model, out_dir / "adapter")
        return
    config = AutoConfig.from_pretrained(request.model.weights, trust_remote_code=request.model.trust_remote_code)
    save_model(model, request.model, config.dtype, out_dir / "model")
