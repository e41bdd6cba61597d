"""The models of a training phase: the one to be trained, and the frozen reference.

Used inside the engine program `train_program.py`.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import torch
from accelerate import init_empty_weights
from peft import LoraConfig, PeftConfig, PeftModel, get_peft_model
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, set_seed

from configs.errors import EngineError
from configs.schema.train import Lora
from infra.engines.devices import limit_threads
from infra.engines.models.model_files import ModelFiles
from infra.engines.models.probe import check_loaded, name_of
from infra.engines.models.target_modules import refuse_targets
from infra.engines.train import group
from infra.engines.train.layout import largest_divisor
from infra.engines.train.request import PhaseRequest
from infra.engines.train.shared_weights import share_weights


def choose_dtype(request: PhaseRequest) -> torch.dtype:
    """Number format of the arithmetic: what the recipe says, or bfloat16 on a GPU and float32 on a CPU."""
    if request.optimizer.dtype == "auto":
        return torch.bfloat16 if torch.cuda.is_available() else torch.float32
    return torch.float32 if request.optimizer.dtype == "float32" else torch.bfloat16


def micro_size(request: PhaseRequest) -> int:
    """Examples of a backward pass on one device: as the recipe says, or what divides a device's share of a step."""
    optimizer = request.optimizer
    share = optimizer.step_size // group.size()
    return optimizer.micro_batch_size or largest_divisor(share, optimizer.batch_size)


def arithmetic(request: PhaseRequest, device: torch.device) -> AbstractContextManager[Any]:
    """The number format of the trainer's steps, for work outside the trainer."""
    dtype = choose_dtype(request)
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=dtype == torch.bfloat16)


def load_tokenizer(files: ModelFiles) -> Any:
    return AutoTokenizer.from_pretrained(
        files.weights, trust_remote_code=files.trust_remote_code, local_files_only=True
    )


def shares_weights(request: PhaseRequest) -> bool:
    """Whether the devices of a training share the weights; otherwise each has them all."""
    return request.tune.can_be_shared and group.size() > 1


def load_trainable(request: PhaseRequest, *, shared: bool = False) -> Any:
    """The model, ready to be trained.

    Trained weights are always float32, whatever the arithmetic: in bfloat16 small updates round to nothing.
    The frozen weights below an adapter are in the arithmetic's format.

    Args:
        shared: by all devices, each of which has its part.
    """
    files, tune = request.model, request.tune
    set_seed(request.seed)
    model = _load_weights(files, request, shared=shared)
    if files.adapter is None:
        _check_loaded(model, files, "in the trainer", request, shared=shared)
    if files.adapter is not None:
        assert isinstance(tune, Lora)  # `run_trainer` refuses full weights through an adapter
        config = PeftConfig.from_pretrained(files.adapter)
        _check_adapter(config, tune)
        config.lora_dropout = tune.dropout
        model = PeftModel.from_pretrained(model, files.adapter, is_trainable=True, config=config)
        check_loaded(model, files, "in the trainer")
    elif isinstance(tune, Lora):
        refuse_targets(model, files.name, tune.target_modules)
        model = get_peft_model(model, _lora_settings(tune))
    return model


def load_frozen(request: PhaseRequest, files: ModelFiles, *, shared: bool = False) -> Any:
    """A reference, in evaluation mode, with weights in the number format of the model that is trained.

    Args:
        shared: by all devices, as in `load_trainable`.

    Raises:
        EngineError: the reference reads other tokens than the model that is trained.
    """
    if load_tokenizer(files).get_vocab() != load_tokenizer(request.model).get_vocab():
        raise EngineError(
            f"the reference {files.name} and the model {request.model.name} have different tokenizers",
            "take a reference of the same model family: reference: base, seed, start or previous",
        )
    model = _load_weights(files, request, shared=shared)
    if files.adapter is not None and not shared:
        model = PeftModel.from_pretrained(model, files.adapter)
    _check_loaded(model.eval(), files, "as the reference", request, shared=shared)
    return model


def _load_weights(files: ModelFiles, request: PhaseRequest, *, shared: bool) -> Any:
    dtype = choose_dtype(request) if isinstance(request.tune, Lora) else torch.float32
    attention = request.optimizer.attention
    settings: dict[str, Any] = {"trust_remote_code": files.trust_remote_code, "local_files_only": True}
    settings |= {"attn_implementation": attention} if attention else {}

    def load() -> Any:
        loaded = AutoModelForCausalLM.from_pretrained(files.weights, dtype=dtype, **settings)
        if not shared or files.adapter is None:
            return loaded
        return PeftModel.from_pretrained(loaded, files.adapter).merge_and_unload()  # its wrapper would be no part of it

    def build() -> Any:
        config = AutoConfig.from_pretrained(files.weights, **settings)
        with init_empty_weights(include_buffers=False):
            made = AutoModelForCausalLM.from_config(config, dtype=dtype, trust_remote_code=files.trust_remote_code)
        made.tie_weights()
        return made.eval()

    try:
        model = share_weights(load, build, choose_dtype(request), files.name) if shared else load()
    except (ImportError, ValueError) as error:
        if attention is None:
            raise
        first = next(iter(str(error).splitlines()), "")
        raise EngineError(
            f"attention: {attention} cannot be had for {files.name}: {first}",
            "write attention: sdpa, or leave it out; flash_attention_2 needs the Python package flash-attn and a GPU",
        ) from error
    limit_threads(model)
    return model


def _check_loaded(model: Any, files: ModelFiles, what: str, request: PhaseRequest, *, shared: bool) -> None:
    """As `check_loaded`; shared weights compute in the number format of the steps."""
    if not shared:
        check_loaded(model, files, what)
        return
    with arithmetic(request, next(model.parameters()).device):
        check_loaded(model, files, what, name_of(choose_dtype(request)))


def _lora_settings(tune: Lora) -> LoraConfig:
    modules = tune.target_modules
    return LoraConfig(
        task_type="CAUSAL_LM",
        r=tune.rank,
        lora_alpha=tune.alpha,
        lora_dropout=tune.dropout,
        target_modules=modules if isinstance(modules, str) else list(modules),
        bias="none",
    )


def _check_adapter(found: Any, tune: Lora) -> None:
    for field, has, wanted in (("rank", found.r, tune.rank), ("alpha", found.lora_alpha, tune.alpha)):
        if has != wanted:
            raise EngineError(
                f"the adapter to be continued has {field} {has}, and tune.{field} is {wanted}",
                f"write {field}: {has} in tune, or start_from: base",
            )
