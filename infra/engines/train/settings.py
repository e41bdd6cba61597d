"""All settings of the trainers; everything with a surprising default is set here.

Used inside the engine program `train_program.py`.
"""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import torch
from trl import DPOConfig, KTOConfig, SFTConfig

from configs.schema.objective import Dpo, Kto, Sft
from infra.engines.train.request import TrainRequest
from infra.engines.train.setup import choose_dtype


def choose_settings(
    request: TrainRequest, num_examples: int, checkpoints: Path, *, has_weights: bool = False
) -> SFTConfig | DPOConfig | KTOConfig:
    """Settings of the objective's trainer.

    Args:
        has_weights: some row has a weight other than 1.
    """
    shared = _shared_settings(request, num_examples, checkpoints)
    objective = request.objective
    if isinstance(objective, Sft):
        return SFTConfig(
            **shared,
            packing=False,
            dataset_kwargs={"skip_prepare_dataset": True},
            completion_only_loss=False,  # the labels say where the loss falls
            loss_type="nll",
        )
    shared |= {"precompute_ref_log_probs": True, "beta": objective.beta}  # the rows bring the reference's numbers
    shared |= {"disable_dropout": False}  # tune says what it is
    if isinstance(objective, Kto):
        weights = {"desirable_weight": objective.desirable_weight, "undesirable_weight": objective.undesirable_weight}
        return KTOConfig(**shared, **weights, loss_type="kto", train_sampling_strategy="sequential")
    return DPOConfig(**shared, **(_dpo_settings(objective, has_weights) if isinstance(objective, Dpo) else {}))


def _dpo_settings(objective: Dpo, has_weights: bool) -> dict[str, Any]:
    return {
        "loss_type": [objective.loss],
        "label_smoothing": objective.label_smoothing,
        "discopop_tau": objective.discopop_tau,
        "use_weighting": has_weights,
    }


def _shared_settings(request: TrainRequest, num_examples: int, checkpoints: Path) -> dict[str, Any]:
    optimizer = request.optimizer
    on_gpu = torch.cuda.is_available()
    num_steps = count_steps(request, num_examples)
    return {
        "output_dir": str(checkpoints),
        "per_device_train_batch_size": optimizer.batch_size,
        "gradient_accumulation_steps": optimizer.gradient_accumulation,
        "max_steps": num_steps,
        "learning_rate": optimizer.learning_rate,
        "lr_scheduler_type": optimizer.schedule,
        "warmup_steps": math.ceil(optimizer.warmup_share * (request.total_steps or num_steps)),
        "optim": "adamw_torch",
        "weight_decay": optimizer.weight_decay,
        "max_grad_norm": optimizer.max_grad_norm,
        "seed": request.seed,
        "data_seed": request.seed,
        "bf16": choose_dtype(request) == torch.bfloat16,
        "fp16": False,
        "gradient_checkpointing": optimizer.gradient_checkpointing,
        "max_length": None,  # too long rows are left out beforehand, and counted
        "remove_unused_columns": False,  # the trainer would take the weights for one
        "use_cpu": not on_gpu,
        "dataloader_num_workers": 0,
        "dataloader_pin_memory": on_gpu,
        "save_strategy": "no",  # checkpoints are written by the clock
        "eval_strategy": "no",
        "logging_strategy": "steps",
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "report_to": [],
        "disable_tqdm": True,
        "push_to_hub": False,
    }


def count_steps(request: TrainRequest, num_examples: int) -> int:
    """Optimizer steps of the whole phase, on all devices together."""
    optimizer = request.optimizer
    if optimizer.max_steps is not None:
        return optimizer.max_steps
    num_devices = int(os.environ.get("WORLD_SIZE", "1"))
    num_batches = math.ceil(num_examples / (optimizer.batch_size * num_devices))
    return math.ceil(optimizer.epochs * math.ceil(num_batches / optimizer.gradient_accumulation))
