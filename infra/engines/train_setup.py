"""What a training phase starts from: model, token rows, settings. Used inside the engine program `sft.py`."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, set_seed
from trl import SFTConfig

from configs.errors import EngineError
from configs.schema.train import Lora
from infra.engines.threads import limit_threads
from infra.engines.train_request import TrainRequest
from infra.engines.train_rows import encode_rows, read_rows


def choose_dtype(request: TrainRequest) -> torch.dtype:
    """Number format of the arithmetic: what the recipe says, or bfloat16 on a GPU and float32 on a CPU."""
    if request.optimizer.dtype == "auto":
        return torch.bfloat16 if torch.cuda.is_available() else torch.float32
    return torch.float32 if request.optimizer.dtype == "float32" else torch.bfloat16


def load_trainable(request: TrainRequest) -> tuple[Any, Any]:
    """Tokenizer and model, ready to be trained.

    Trained weights are always float32, whatever the arithmetic: in bfloat16 small updates round to nothing.
    The frozen weights below an adapter are in the arithmetic's format.
    """
    files, tune = request.model, request.tune
    set_seed(request.seed)
    common: dict[str, Any] = {"trust_remote_code": files.trust_remote_code, "local_files_only": True}
    tokenizer = AutoTokenizer.from_pretrained(files.weights, **common)
    dtype = choose_dtype(request) if isinstance(tune, Lora) else torch.float32
    model = AutoModelForCausalLM.from_pretrained(files.weights, dtype=dtype, **common)
    limit_threads(model)
    if files.adapter is not None:
        model = PeftModel.from_pretrained(model, files.adapter, is_trainable=True)
        _check_adapter(model, tune)
    elif isinstance(tune, Lora):
        model = get_peft_model(model, _lora_settings(tune))
    return tokenizer, model


def load_rows(request: TrainRequest, tokenizer: Any, model: Any) -> tuple[Dataset, int]:
    """Token rows, and the number of rows that are too long for `max_length` or for the model's context.

    Raises:
        EngineError: no row is left.
    """
    context = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    max_length = min(filter(None, (request.optimizer.max_length, context)))
    rows, num_too_long = encode_rows(read_rows(request.rows), tokenizer, request.model.chat_template, max_length)
    if not rows:
        raise EngineError(
            f"all {num_too_long} examples are longer than {max_length} tokens"
            if num_too_long
            else "there are no examples",
            "write a larger max_length (the model's context is the limit), or let the model write shorter texts",
        )
    return Dataset.from_list([dict(row) for row in rows]), num_too_long


def choose_settings(request: TrainRequest, num_examples: int, checkpoints: Path) -> SFTConfig:
    """All settings of the trainer. Everything with a surprising default is set here."""
    optimizer = request.optimizer
    on_gpu = torch.cuda.is_available()
    num_steps = count_steps(request, num_examples)
    return SFTConfig(
        output_dir=str(checkpoints),
        per_device_train_batch_size=optimizer.batch_size,
        gradient_accumulation_steps=optimizer.gradient_accumulation,
        max_steps=num_steps,
        learning_rate=optimizer.learning_rate,
        lr_scheduler_type=optimizer.schedule,
        warmup_steps=math.ceil(optimizer.warmup_share * num_steps),
        optim="adamw_torch",
        weight_decay=optimizer.weight_decay,
        max_grad_norm=optimizer.max_grad_norm,
        seed=request.seed,
        data_seed=request.seed,
        bf16=choose_dtype(request) == torch.bfloat16,
        fp16=False,
        gradient_checkpointing=optimizer.gradient_checkpointing,
        max_length=None,  # too long rows are left out beforehand, and counted
        packing=False,
        dataset_kwargs={"skip_prepare_dataset": True},
        remove_unused_columns=False,  # the trainer would take the weights for one
        completion_only_loss=False,  # the labels say where the loss falls
        loss_type="nll",
        use_cpu=not on_gpu,
        dataloader_num_workers=0,
        dataloader_pin_memory=on_gpu,
        save_strategy="no",  # checkpoints are written by the clock
        eval_strategy="no",
        logging_strategy="steps",
        logging_steps=1,
        logging_nan_inf_filter=False,
        report_to=[],
        disable_tqdm=True,
        push_to_hub=False,
    )


def count_steps(request: TrainRequest, num_examples: int) -> int:
    """Optimizer steps of the whole phase, on all devices together."""
    optimizer = request.optimizer
    if optimizer.max_steps is not None:
        return optimizer.max_steps
    num_devices = int(os.environ.get("WORLD_SIZE", "1"))
    num_batches = math.ceil(num_examples / (optimizer.batch_size * num_devices))
    return math.ceil(optimizer.epochs * math.ceil(num_batches / optimizer.gradient_accumulation))


def _lora_settings(tune: Lora) -> LoraConfig:
    modules = tune.target_modules
    return LoraConfig(
        task_type="CAUSAL_LM",
        r=tune.rank,
        lora_alpha=tune.alpha,
        lora_dropout=tune.dropout,
        target_modules=modules if isinstance(modules, str) else list(modules),
        bias="none",
    )


def _check_adapter(model: Any, tune: Any) -> None:
    found = model.peft_config["default"]
    for field, has, wanted in (("rank", found.r, tune.rank), ("alpha", found.lora_alpha, tune.alpha)):
        if has != wanted:
            raise EngineError(
                f"the adapter to be continued has {field} {has}, and tune.{field} is {wanted}",
                f"write {field}: {has} in tune, or start_from: base",
            )
