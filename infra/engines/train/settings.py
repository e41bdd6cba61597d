"""Settings that the trainers of all objectives share; everything with a surprising default is set here.

Used inside the engine program `train_program.py`.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch

from infra.engines.train import group
from infra.engines.train.objectives.registry import objective_of
from infra.engines.train.request import PhaseRequest, TrainRequest
from infra.engines.train.setup import choose_dtype, micro_size

OPTIMIZERS = {"adamw": ("adamw_torch", "adamw_torch_fused"), "rmsprop": ("rmsprop", "rmsprop")}
"""name in a recipe -> transformers' name on a CPU, and on a GPU, where one kernel does a whole step"""


def choose_settings(request: TrainRequest, num_examples: int, checkpoints: Path, *, has_weights: bool = False) -> Any:
    """Settings of the objective's trainer: an SFTConfig, DPOConfig or KTOConfig.

    Args:
        has_weights: some row has a weight other than 1.
    """
    objective = objective_of(request.objective)
    shared = shared_settings(request, num_examples, checkpoints)
    shared["max_length"] = None  # too long rows are left out beforehand, and counted
    return objective.config(**shared, **objective.options(request.objective, has_weights))


def shared_settings(request: PhaseRequest, num_examples: int, checkpoints: Path) -> dict[str, Any]:
    """Settings of every trainer of TRL's."""
    optimizer = request.optimizer
    on_gpu = torch.cuda.is_available()
    micro = micro_size(request)
    num_steps = count_steps(request, num_examples)
    return {
        "output_dir": str(checkpoints),
        "per_device_train_batch_size": micro,
        # several devices: to the library a step is one batch (`shared_steps.py`)
        "gradient_accumulation_steps": optimizer.step_size // micro if group.size() == 1 else 1,
        "max_steps": num_steps,
        "learning_rate": optimizer.learning_rate,
        "lr_scheduler_type": optimizer.schedule,
        "warmup_steps": math.ceil(optimizer.warmup_share * (planned_steps(request, num_examples) or num_steps)),
        "optim": OPTIMIZERS[optimizer.optimizer][on_gpu],
        "weight_decay": optimizer.weight_decay,
        "max_grad_norm": optimizer.max_grad_norm,
        "seed": request.seed,
        "data_seed": request.seed,
        "bf16": choose_dtype(request) == torch.bfloat16,
        "fp16": False,
        "gradient_checkpointing": optimizer.gradient_checkpointing or False,
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


def count_steps(request: PhaseRequest, num_examples: int) -> int:
    """Optimizer steps of the whole phase, on all devices together."""
    optimizer = request.optimizer
    if optimizer.max_steps is not None:
        return optimizer.max_steps
    return _steps_of(optimizer.stop_epochs or optimizer.epochs, request, num_examples)


def planned_steps(request: PhaseRequest, num_examples: int) -> int | None:
    """Length of the learning-rate schedule, where it goes on after the phase ends: several phases share it, or the
    phase stops early."""
    if request.optimizer.stop_epochs is not None:
        return _steps_of(request.optimizer.epochs, request, num_examples)
    return request.total_steps


def _steps_of(epochs: float, request: PhaseRequest, num_examples: int) -> int:
    return math.ceil(epochs * math.ceil(num_examples / request.optimizer.step_size))
