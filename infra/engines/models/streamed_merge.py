"""An adapter and its base become one folder of weights, tensor by tensor: the base's files are copied, and what the
adapter changes is written over in them. One tensor is in memory at a time, and an untouched one never is.

The sums are those of PEFT, in float32, so the bytes are those of its merge. Used inside engine programs.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from peft import LoraConfig, PeftConfig
from safetensors import safe_open

WHOLE_FILE, INDEX_FILE = "model.safetensors", "model.safetensors.index.json"
ADAPTER_FILE = "adapter_model.safetensors"
PREFIX = "base_model.model."
"""of an adapter's names: PEFT's model, then the one that it wraps"""
FACTORS = {"lora_A.weight": "lora_B.weight", "lora_embedding_A": "lora_embedding_B"}
"""what ends the names of the two factors of a change, of shapes (rank, in) and (out, rank)"""
NUMBERS = {"F32": torch.float32, "BF16": torch.bfloat16, "F16": torch.float16}


@dataclass(frozen=True)
class _Place:
    """Where a tensor lies in a safetensors file; `start` and `end` are bytes from the file's first."""

    file: Path
    start: int
    end: int
    dtype: str
    shape: tuple[int, ...]


def can_stream(weights: Path, adapter: Path) -> bool:
    """Whether this adapter only adds products of two factors to tensors that the base's files hold by their names."""
    config: Any = PeftConfig.from_pretrained(adapter)
    if not isinstance(config, LoraConfig) or config.use_dora or config.use_rslora or config.alpha_pattern:
        return False
    if not all(file.is_file() for file in (adapter / ADAPTER_FILE, *_files(weights))):
        return False
    with safe_open(adapter / ADAPTER_FILE, "pt") as file:
        names = list(file.keys())
    places = _places(weights)
    changed = [_changed(name) for name in names if not name.endswith(tuple(FACTORS.values()))]
    held = [places[name].dtype if name in places else "" for name in changed if name is not None]
    return not config.fan_in_fan_out and len(held) == len(changed) and set(held) <= NUMBERS.keys()


def merge_streamed(weights: Path, adapter: Path, folder: Path) -> None:
    """Write the files of the base's weights into a folder, with an adapter's changes in them.

    Args:
        weights: of the base; each tensor keeps its number format.
        adapter: one for which `can_stream` holds.
    """
    folder.mkdir(parents=True)
    for file in _files(weights):
        shutil.copyfile(file, folder / file.name)
    if not (weights / WHOLE_FILE).is_file():
        shutil.copyfile(weights / INDEX_FILE, folder / INDEX_FILE)
    places = _places(folder)
    for name, change in _changes(adapter):
        _add(places[name], change)


def _changes(adapter: Path) -> Iterator[tuple[str, torch.Tensor]]:
    """Names of the base's tensors, and what is added to each, float32."""
    config: Any = PeftConfig.from_pretrained(adapter)
    with safe_open(adapter / ADAPTER_FILE, "pt") as file:
        for name in sorted(file.keys()):
            changed = _changed(name)
            if changed is None:
                continue
            ending = next(ending for ending in FACTORS if name.endswith(ending))
            first = file.get_tensor(name).float()
            second = file.get_tensor(name.removesuffix(ending) + FACTORS[ending]).float()
            product = second @ first
            yield changed, (product.T if "embedding" in ending else product) * (config.lora_alpha / len(first))


def _changed(name: str) -> str | None:
    """The base's tensor that the first factor of a change is about; None for another tensor."""
    for ending in FACTORS:
        if name.startswith(PREFIX) and name.endswith(f".{ending}"):
            return name.removeprefix(PREFIX).removesuffix(ending) + "weight"
    return None


def _add(place: _Place, change: torch.Tensor) -> None:
    held = np.memmap(place.file, dtype=np.uint8, mode="r+", offset=place.start, shape=(place.end - place.start,))
    tensor = torch.from_numpy(held).view(NUMBERS[place.dtype]).view(place.shape)
    tensor.copy_((tensor.float() + change).to(tensor.dtype))
    held.flush()


def _files(folder: Path) -> list[Path]:
    """Those that transformers reads; a folder may hold the same weights once more, in another layout."""
    if (folder / WHOLE_FILE).is_file() or not (folder / INDEX_FILE).is_file():
        return [folder / WHOLE_FILE]
    names = json.loads((folder / INDEX_FILE).read_text(encoding="utf-8"))["weight_map"].values()
    return [folder / name for name in sorted(set(names))]


def _places(folder: Path) -> Mapping[str, _Place]:
    """All tensors of a folder's weights. A file begins with the length of its header (8 bytes) and the header, JSON."""
    found: dict[str, _Place] = {}
    for path in _files(folder):
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length))
        for name, told in header.items():
            if name != "__metadata__":
                start, end = (8 + length + offset for offset in told["data_offsets"])
                found[name] = _Place(path, start, end, told["dtype"], tuple(told["shape"]))
    return found
