"""The live weights as files, wave by wave, for those who draw beside the learner. Used inside the learner."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from configs.schema.train import Lora
from infra.engines.generate.transformers_runner import torch_dtype
from infra.engines.learn.request import LearnRequest
from infra.engines.live_weights import ADAPTER, MODEL
from infra.engines.models.probe import any_tokens, coarser, measure, name_of, write_probe
from infra.engines.train.output import save_adapter, save_model
from infra.engines.train.setup import arithmetic, choose_dtype


class Export:
    """Writes what is trained: an adapter in float32, or all weights in the number format of the engine that draws.

    Args:
        model: the trained one, its adapter in place.
    """

    def __init__(self, request: LearnRequest, model: Any, device: torch.device) -> None:
        self._request, self._model, self._device = request, model, device
        self._dtype = torch_dtype(request.engine.dtype, device)

    def write(self, folder: Path) -> None:
        """Weights, and what they say of a text, into a folder that is made."""
        request, formats = self._request, [choose_dtype(self._request)]
        folder.mkdir(parents=True, exist_ok=True)
        if isinstance(request.tune, Lora):
            save_adapter(self._model, request.model, folder / ADAPTER)
        else:
            save_model(self._model, request.model, self._dtype, folder / MODEL)
            formats.append(self._dtype)
        tokens = any_tokens(self._model.config.get_text_config().vocab_size)
        with arithmetic(request, self._device):
            write_probe(measure(self._model, tokens, coarser(*map(name_of, formats))), folder)
