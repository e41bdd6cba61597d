"""What a training phase leaves: an adapter or a model folder, the same bytes for the same training.

Used inside the engine program `train_program.py`. Only weights differ from what training started with: configuration
and tokenizer files of a model are copied, and no path of this machine is written.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from peft import get_peft_model_state_dict
from safetensors.torch import save_file

from infra.engines.models.model_files import ModelFiles
from infra.engines.models.weights import copy_definitions
from infra.engines.train import group
from infra.engines.train.shared_weights import whole


def save_adapter(model: Any, base: ModelFiles, folder: Path) -> None:
    """Write adapter_config.json and adapter_model.safetensors, in float32."""
    state = get_peft_model_state_dict(model, save_embedding_layers=False)
    settings = {
        **model.peft_config["default"].to_dict(),
        "base_model_name_or_path": base.name,
        "inference_mode": True,
        "revision": None,
    }
    text = json.dumps(settings, indent=2, sort_keys=True, default=_to_json)
    with publish_folder(folder) as partial:
        save_file({name: _to_saved(tensor) for name, tensor in state.items()}, partial / "adapter_model.safetensors")
        (partial / "adapter_config.json").write_text(text + "\n", encoding="utf-8")


def save_model(model: Any, base: ModelFiles, dtype: torch.dtype, folder: Path) -> None:
    """Write the whole model in a number format, with the base's configuration and tokenizer.

    Where devices share it all of them are to call this; the first writes.
    """
    state = _state_of(model, dtype)
    if not group.is_first():
        return
    with publish_folder(folder) as partial:
        model.save_pretrained(partial, state_dict=state)
        copy_definitions(base.weights, partial, replaces=True)
        if base.chat_template is not None:
            (partial / "chat_template.jinja").write_text(base.chat_template, encoding="utf-8")


def _state_of(model: Any, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """Every tensor, put together where devices share it; on all but the first of them none is kept."""
    state = model.state_dict(keep_vars=True)
    found: dict[int, torch.Tensor] = {}  # by tensor, of which one may stand in two places
    for tensor in {id(tensor): tensor for tensor in state.values()}.values():
        cast = whole(tensor.detach()).to(dtype)
        if group.is_first():
            found[id(tensor)] = cast.cpu()
    return {name: found[id(tensor)] for name, tensor in state.items() if id(tensor) in found}


@contextmanager
def publish_folder(folder: Path) -> Iterator[Path]:
    """An empty folder beside the final one, which is moved into place when all is written."""
    partial = folder.with_name(folder.name + ".part")
    for path in (partial, folder):
        shutil.rmtree(path, ignore_errors=True)
    partial.mkdir(parents=True)
    yield partial
    os.replace(partial, folder)


def _to_saved(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().to("cpu", torch.float32).contiguous()


def _to_json(value: Any) -> Any:
    """Sets are written in order: their own order differs from run to run."""
    return sorted(value) if isinstance(value, (set, frozenset)) else str(value)
