"""PLACEHOLDER until kernels are merged."""

from __future__ import annotations

from typing import Any, Self

import torch

from infra.engines.learn.request import LearnRequest


class Losses:
    streams = ("advantage",)
    reads_reference = False

    def __init__(self, request: LearnRequest) -> None:
        self._objective = request.objective

    @classmethod
    def load(cls, request: LearnRequest, device: torch.device) -> Self:
        return cls(request)

    def trained(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        return inputs["advantage_mask"]

    def of_batch(self, logps: torch.Tensor, inputs: dict[str, torch.Tensor], window: Any) -> Any:
        old = inputs.get("old_logps", logps.detach())
        mask = inputs["advantage_mask"]
        tokens = sum(one["advantage_mask"].sum() for one in window)
        ratio = torch.exp(logps - old)
        loss = -(ratio * inputs["advantage"] * mask).sum() / tokens.clamp(min=1)
        gap = (old - inputs["sampler_logps"]).abs() * mask
        return loss, {"sampler_gap_mean": (gap.sum(), mask.sum())}
