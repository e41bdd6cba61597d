"""Generation with a Hugging Face model whose weights follow a training. Loaded by `session_program.py`.

An adapter lies on its base as it lies there in the learner, and whole weights are copied in place: on a CPU in float32
this session draws what the learner would draw, bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel, set_peft_model_state_dict
from safetensors import safe_open
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from configs.errors import EngineError
from configs.schema.engine import TransformersEngine
from infra.engines.devices import limit_threads
from infra.engines.generate.transformers_runner import TransformersRunner, torch_dtype
from infra.engines.live_weights import Follows, LiveWeights
from infra.engines.models.model_files import ModelFiles
from infra.engines.models.probe import check_loaded


class LiveTransformersRunner(TransformersRunner):
    """See `runner.LiveRunner`.

    Args:
        model: on its device; an adapter is put into it with the first wave.
    """

    def __init__(self, settings: TransformersEngine, files: ModelFiles, model: Any, follows: Follows) -> None:
        super().__init__(settings, files, model, with_tokens=True)
        self._model, self._follows = model, follows
        self._adapted: Any = None

    def follow(self, weights: LiveWeights) -> None:
        if not self._follows.rank:
            copy_weights(self._model, weights.path)
        elif self._adapted is None:
            self._adapted = PeftModel.from_pretrained(self._model, weights.path).eval()
        else:
            set_peft_model_state_dict(self._adapted, load_file(weights.path / "adapter_model.safetensors"))
        check_loaded(self._adapted or self._model, weights.files(self._files), "beside the learner")


def load(settings: TransformersEngine, model: ModelFiles, scratch: Path, follows: Follows) -> LiveTransformersRunner:
    """Called by the session program; needs no scratch folder."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    loaded = AutoModelForCausalLM.from_pretrained(
        model.weights, dtype=torch_dtype(settings.dtype, device), trust_remote_code=model.trust_remote_code,
        local_files_only=True,
    )  # fmt: skip
    loaded = loaded.eval().to(device)
    limit_threads(loaded)
    return LiveTransformersRunner(settings, model, loaded, follows)


@torch.no_grad()
def copy_weights(model: Any, folder: Path) -> None:
    """Copy all weights of a folder into a model, in place.

    Raises:
        EngineError: the folder's weights are not the model's.
    """
    own = model.state_dict()
    seen = set()
    for name, weight in _weights_in(folder):
        if name not in own or own[name].shape != weight.shape:
            raise EngineError(f"{folder} holds '{name}' of shape {tuple(weight.shape)}, which the model has not")
        own[name].copy_(weight)
        seen.add(own[name].data_ptr())
    if left := sorted(name for name, weight in own.items() if weight.data_ptr() not in seen):  # tied ones are seen
        raise EngineError(f"{folder} holds no '{left[0]}', which the model has")


def _weights_in(folder: Path) -> Iterator[tuple[str, torch.Tensor]]:
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, framework="pt") as file:
            names = file.keys()
            yield from ((name, file.get_tensor(name)) for name in names)
