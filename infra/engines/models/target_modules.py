"""Which layers an adapter may change: named before anything is generated, rather than by a library, late.

Used inside engine programs: before the first stage (`make_model.py`), by the trainer, and where adapters are merged.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from typing import Any

from configs.errors import EngineError
from configs.schema.train import Lora
from infra.engines.models.model_files import ModelFiles

ALL = "all-linear"


def check_lora(files: ModelFiles, tune: Lora) -> None:
    """See that the layers that a recipe names can be trained; no weights are read. Errors as of `refuse_targets`."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    own_code = files.trust_remote_code
    config = AutoConfig.from_pretrained(files.weights, trust_remote_code=own_code, local_files_only=True)
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config, trust_remote_code=own_code)
    refuse_targets(model, files.name, tune.target_modules)


def refuse_targets(model: Any, name: str, targets: str | Collection[str]) -> None:
    """See that every name of a list, or the pattern, names layers, and that these can have adapters.

    Args:
        model: without adapters.
        name: the model's, for people.

    Raises:
        EngineError: names the layer: the model has none of that name, it is no layer with weights, it writes the scores
            of tokens, or it has its weights in common with another.
    """
    if targets == ALL:
        return
    for target in [targets] if isinstance(targets, str) else sorted(targets):
        layers = find_layers(model, targets if isinstance(targets, str) else [target])
        if not layers:
            raise _refuse(model, name, target, "the model has no layer of that name")
        for layer in layers.values():
            if layer is model.get_output_embeddings():
                raise _refuse(model, name, target, "losses are computed from its weights as they are")
            if not hasattr(layer, "weight") or layer.weight.dim() < 2:
                raise _refuse(model, name, target, f"it is a {type(layer).__name__}, not a layer of weights")
    refuse_tied(model, name, targets)


def refuse_tied(model: Any, name: str, targets: str | Collection[str]) -> None:
    """See that no layer is named that has its weights in common with another.

    Merged, an adapter of the one would change the other too, which was trained without it.

    Raises:
        EngineError: names the layer and the other.
    """
    weights = [(path, id(weight)) for path, weight in model.named_parameters(remove_duplicate=False)]
    counts = Counter(place for _, place in weights)
    for path in find_layers(model, targets) if targets != ALL else ():
        own = [place for found, place in weights if found.startswith(f"{path}.") and counts[place] > 1]
        for other, place in weights:
            if place in own and not other.startswith(f"{path}."):
                shared = other.removesuffix(".weight")
                raise _refuse(model, name, path.rpartition(".")[2], f"its weights are those of {shared} too (tied)")


def find_layers(model: Any, targets: str | Collection[str]) -> dict[str, Any]:
    """The modules that names, or a pattern, mean, by path; as PEFT reads them."""
    if isinstance(targets, str):
        return {path: layer for path, layer in model.named_modules() if re.fullmatch(targets, path)}
    return {
        path: layer
        for path, layer in model.named_modules()
        if any(path == target or path.endswith(f".{target}") for target in targets)
    }


def _refuse(model: Any, name: str, target: str, why: str) -> EngineError:
    head = model.get_output_embeddings()
    linear = {
        path.rpartition(".")[2]
        for path, layer in model.named_modules()
        if type(layer).__name__ in ("Linear", "Conv1D") and layer is not head
    }
    return EngineError(
        f"tune.target_modules of model '{name}': {target}: {why}",
        f"write {ALL}, or names among {', '.join(sorted(linear))}",
    )
