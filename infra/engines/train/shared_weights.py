"""Weights that several devices share: each has its part of every tensor, of its gradient and of its moments (FSDP2).

A layer's weights are put together on every device while it computes, and let go again; what lies between the layers
(embeddings, the last norm, the head) for a whole pass. The first process alone reads the weights, and sends them on
layer by layer, so that no other one ever holds the model. Used inside the engine program `train_program.py`.

Whole tensors are a matter of all processes: whoever asks for one has to be met by all others (`whole`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import distributed
from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor

from configs.errors import EngineError
from infra.engines.train import group


def share_weights(load: Callable[[], Any], build: Callable[[], Any], dtype: torch.dtype, name: str) -> Any:
    """A model of which this process has its part.

    Args:
        load: the model with its weights, float32 and on the CPU; called by the first process.
        build: the same model, its weights on no device; called by all others.
        dtype: of the arithmetic. In bfloat16 layers are put together in that format; what is trained is float32.
        name: of the model, for messages.

    Raises:
        EngineError: the model cannot be shared.
    """
    model = load() if group.is_first() else build()
    _check_same(model, name)
    layers = list(_layers(model))
    _check_parts(model, layers, name)
    device = torch.device("cuda", torch.cuda.current_device()) if torch.cuda.is_available() else torch.device("cpu")
    mesh = distributed.init_device_mesh(device.type, (group.size(),))
    for buffer in model.buffers():
        _send(buffer, device)
    for layer in layers:
        _send_parameters(layer, device)
        fully_shard(layer, mesh=mesh, mp_policy=_policy(dtype))
    _send_parameters(model, device)
    # let go after each pass, too: who asks for its parameters in between gets those that are trained
    fully_shard(model, mesh=mesh, reshard_after_forward=True)
    model._is_distributed_loading_by_transformers = True  # its trainer neither moves nor copies such a model
    return model


def is_shared(model: Any) -> bool:
    """Whether a process has but its part of the weights."""
    return any(isinstance(weights, DTensor) for weights in model.parameters())


def whole(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor, put together where it is shared: then every process has to ask for it."""
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def part_of(value: Any, like: torch.Tensor) -> Any:
    """This process's part of a whole tensor, cut as another one of its shape is; any other value stays."""
    if not isinstance(like, DTensor) or not isinstance(value, torch.Tensor) or value.shape != like.shape:
        return value
    cut = distribute_tensor(value, like.device_mesh, like.placements, src_data_rank=None)
    return cut.clone()  # so that the whole one is let go


def _policy(dtype: torch.dtype) -> MixedPrecisionPolicy:
    """As under autocast: products of the coarse format, sums between layers and gradients in float32."""
    if dtype == torch.float32:
        return MixedPrecisionPolicy()
    return MixedPrecisionPolicy(param_dtype=dtype, reduce_dtype=torch.float32, cast_forward_inputs=False)


def _layers(model: Any) -> Iterator[Any]:
    """The outermost modules of the kinds that a model declares as whole; none where it declares nothing."""
    kinds = set(getattr(model, "_no_split_modules", None) or ())
    found: list[str] = []
    for name, module in model.named_modules():
        is_inside = any(name.startswith(f"{outer}.") for outer in found)
        if type(module).__name__ in kinds and module is not model and not is_inside:
            found.append(name)
            yield module


def _check_same(model: Any, name: str) -> None:
    """See that all processes mean the same tensors in the same order."""
    tensors = (*model.named_parameters(), *model.named_buffers())
    own = [(which, tuple(tensor.shape), tensor.dtype) for which, tensor in tensors]
    if group.decided_once(lambda: own) != own:
        raise _refusal(name, "without its files the model has other tensors")


def _check_parts(model: Any, layers: list[Any], name: str) -> None:
    """See that weights can be cut, and that none belong to two layers, or to a layer and to what lies between them."""
    if not all(weights.ndim for weights in model.parameters()):
        raise _refusal(name, "one of its weights is a single number")
    inside = {id(module) for layer in layers for module in layer.modules()}
    between = {id(own) for module in model.modules() if id(module) not in inside for own in module.parameters(False)}
    owners = [between, *({id(own) for own in layer.parameters()} for layer in layers)]
    if sum(map(len, owners)) != len(set().union(*owners)):
        raise _refusal(name, "some of its layers have weights in common")


def _refusal(name: str, reason: str) -> EngineError:
    return EngineError(
        f"the weights of {name} cannot be shared by several devices: {reason}",
        "train it on one device, or write tune: {kind: lora}",
    )


def _send_parameters(module: Any, device: torch.device) -> None:
    """Give all processes the first one's weights of a module; those of layers that are shared already stay."""
    for weights in [weights for weights in module.parameters() if not isinstance(weights, DTensor)]:
        if weights.is_meta:  # swapped, so that weights that stand in two places still do
            made = torch.nn.Parameter(torch.empty_like(weights, device=device), weights.requires_grad)
            torch.utils.swap_tensors(weights, made)
        _send(weights, device)


def _send(tensor: torch.Tensor, device: torch.device) -> None:
    tensor.data = tensor.data.to(device).contiguous()
    distributed.broadcast(tensor.data, src=0)
