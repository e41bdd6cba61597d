"""An adapter and its base become one model, always in float32 and always from the original base.

Merging in bfloat16, or round by round, adds up to a drift (trl issue 6688). Used inside engine programs.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from peft import PeftConfig, PeftModel
from transformers import AutoConfig, AutoModelForCausalLM

from infra.engines.models.chat_files import write_chat
from infra.engines.models.model_files import PROBE_FILE, ModelFiles
from infra.engines.models.probe import (
    Probe,
    any_tokens,
    check_loaded,
    check_probe,
    measure,
    name_of,
    read_probe,
    write_probe,
)
from infra.engines.models.streamed_merge import can_stream, merge_streamed
from infra.engines.models.target_modules import refuse_tied
from infra.engines.models.weights import copy_definitions
from infra.process.locks import held


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

    A trained one says what it says of a text, so the files can be merged without a model in memory: whoever loads them
    compares. One from elsewhere is loaded, and asked.

    Args:
        folder: made here; whole when it is there.

    Returns:
        What it says of a text, for whoever loads the folder.
    """
    probe = read_probe(model)
    made = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(made, ignore_errors=True)
    if probe is not None and model.adapter is not None and can_stream(model.weights, model.adapter):
        merge_streamed(model.weights, model.adapter, made)
    else:
        probe = save_loaded(model, made)
    copy_definitions(model.weights, made, replaces=False)
    write_chat(model, made)
    made.rename(folder)
    return probe


def merge_once(model: ModelFiles, scratch: Path) -> tuple[Path, Probe]:
    """As `save_merged`, into a session's scratch folder; sessions beside it that merged the same are linked to.

    Eight sessions of one machine so merge once and hold the weights once on its disk; what is linked stays until the
    last of them ends.
    """
    folder = scratch / f"merged-{_identity(model)}"
    with held(scratch.parent):
        beside = next(scratch.parent.glob(f"*/{folder.name}/{PROBE_FILE}"), None)
        if beside is None:
            write_probe(save_merged(model, folder), folder)
        else:
            shutil.copytree(beside.parent, folder, copy_function=os.link)
    probe = read_probe(replace(model, probe=folder / PROBE_FILE))
    assert probe is not None
    return folder, probe


def _identity(model: ModelFiles) -> str:
    assert model.adapter is not None
    digest = hashlib.sha256(f"{model.weights}\n{model.chat_template}\n".encode())
    for file in sorted(model.adapter.iterdir()):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def check_saved(model: ModelFiles, folder: Path) -> None:
    """See that a merged folder, loaded, says what the model said when it was trained; errors as of `check_probe`."""
    dtype = AutoConfig.from_pretrained(folder, trust_remote_code=model.trust_remote_code).dtype or torch.float32
    saved = replace(model, weights=folder, adapter=None)
    check_loaded(load_merged(saved, dtype), saved, "after merging")


def save_loaded(model: ModelFiles, folder: Path) -> Probe:
    """As `save_merged`, by PEFT with the whole model in memory: the weights alone."""
    config = AutoConfig.from_pretrained(model.weights, trust_remote_code=model.trust_remote_code)
    dtype = config.dtype or torch.float32
    merged = load_merged(model, dtype)
    merged.save_pretrained(folder)
    return measure(merged, _tokens(model, config), name_of(dtype))


def _tokens(model: ModelFiles, config: Any) -> Sequence[int]:
    known = read_probe(model)
    return known.tokens if known else any_tokens(config.get_text_config().vocab_size)
