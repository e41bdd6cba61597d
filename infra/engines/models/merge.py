"""An adapter and its base become one model, always in float32 and always from the original base.

Merging in bfloat16, or round by round, adds up to a drift (trl issue 6688). Used inside engine programs.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from peft import PeftConfig, PeftModel
from transformers import AutoConfig, AutoModelForCausalLM

from infra.engines.models.chat_files import write_chat
from infra.engines.models.model_files import ModelFiles
from infra.engines.models.probe import Probe, any_tokens, check_loaded, check_probe, measure, name_of, read_probe
from infra.engines.models.target_modules import refuse_tied
from infra.engines.models.weights import copy_definitions


def load_merged(model: ModelFiles, dtype: torch.dtype) -> Any:
    """The causal language model on the CPU, its adapter merged in float32, then in `dtype`.

    Raises:
        EngineError: it is not the model that was trained, or merging makes another one of it.
    """
    loaded = AutoModelForCausalLM.from_pretrained(
        model.weights,
        dtype=dtype if model.adapter is None else torch.float32,
        trust_remote_code=model.trust_remote_code,
        local_files_only=True,
    )
    if model.adapter is None:
        return loaded.eval()
    return _merge(loaded, model, model.adapter).to(dtype)


def _merge(base: Any, model: ModelFiles, adapter: Path) -> Any:
    refuse_tied(base, model.name, PeftConfig.from_pretrained(adapter).target_modules or ())
    adapted = PeftModel.from_pretrained(base, adapter).eval()
    check_loaded(adapted, model, "after loading")
    before = measure(adapted, _tokens(model, base.config), "float32")
    merged = adapted.merge_and_unload().eval()
    after = measure(merged, before.tokens, "float32")
    check_probe(model.name, "after merging", before, after.logprobs, "float32")
    return merged


def save_merged(model: ModelFiles, folder: Path) -> Probe:
    """Write the merged model with its tokenizer, in the base's own number format, for engines that read folders.

    Returns:
        What it says of a text, for whoever loads the folder.
    """
    config = AutoConfig.from_pretrained(model.weights, trust_remote_code=model.trust_remote_code)
    dtype = config.dtype or torch.float32
    merged = load_merged(model, dtype)
    probe = measure(merged, _tokens(model, config), name_of(dtype))
    merged.save_pretrained(folder)
    copy_definitions(model.weights, folder, replaces=False)
    write_chat(model, folder)
    return probe


def _tokens(model: ModelFiles, config: Any) -> Sequence[int]:
    known = read_probe(model)
    return known.tokens if known else any_tokens(config.get_text_config().vocab_size)
