"""An adapter and its base become one model, always in float32 and always from the original base.

Merging in bfloat16, or round by round, adds up to a drift (trl issue 6688). Used inside engine programs.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM

from infra.engines.models.model_files import ModelFiles
from infra.engines.models.weights import is_weight_file, model_files_in


def load_merged(model: ModelFiles, dtype: torch.dtype) -> Any:
    """The causal language model on the CPU, its adapter merged in float32, then in `dtype`."""
    loaded = AutoModelForCausalLM.from_pretrained(
        model.weights,
        dtype=dtype if model.adapter is None else torch.float32,
        trust_remote_code=model.trust_remote_code,
        local_files_only=True,
    )
    if model.adapter is not None:
        from peft import PeftModel

        loaded = PeftModel.from_pretrained(loaded, model.adapter).merge_and_unload().to(dtype)
    return loaded.eval()


def save_merged(model: ModelFiles, folder: Path) -> None:
    """Write the merged model with its tokenizer, in the base's own number format, for engines that read folders."""
    config = AutoConfig.from_pretrained(model.weights, trust_remote_code=model.trust_remote_code)
    merged = load_merged(model, config.dtype or torch.float32)
    merged.save_pretrained(folder)
    for file in model_files_in(model.weights):
        if not is_weight_file(file) and not (folder / file.name).exists():
            shutil.copy(file, folder)
