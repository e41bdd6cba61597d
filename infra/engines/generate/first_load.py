"""Sessions of a machine that begin at once with a model that vLLM has not compiled there: one compiles, and the others
find what it made. Used by `vllm_runner.py`.

Eight sessions that compile the same graphs side by side share the cores of one machine, and write the same files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from infra.process.locks import held

FOLDER = "selfloop-compiled"
"""of vLLM's cache: a file for each way of loading a model that was done once, which goes when the cache does"""

Loaded = TypeVar("Loaded")


def first_alone(mark: Path, load: Callable[[], Loaded]) -> Loaded:
    """What `load` gives. Until it succeeded once on this machine, one process at a time does it; then all may.

    Args:
        mark: stands for what is loaded, and how.
    """
    if not mark.exists():
        mark.parent.mkdir(parents=True, exist_ok=True)
        with held(mark.with_suffix(".lock")):
            if not mark.exists():
                loaded = load()
                mark.touch()
                return loaded
    return load()


def mark_of(cache: Path, model: Path, options: Mapping[str, Any], versions: tuple[str, ...]) -> Path:
    """The file that stands for a model's architecture, loaded with these options by these versions.

    Args:
        cache: vLLM's.
        model: a folder; weights of the same architecture have the same graphs.
    """
    parts = [json.dumps({**options, "model": None}, sort_keys=True, default=str), *versions]
    digest = hashlib.sha256("\n".join(parts).encode() + (model / "config.json").read_bytes())
    return cache / FOLDER / digest.hexdigest()[:32]
