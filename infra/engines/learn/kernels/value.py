"""A value head on the trunk of the policy, and its loss (PPO, arXiv 1707.06347): TRL 1.16 has no trainer with one."""

from __future__ import annotations

import torch
from torch import nn

from infra.engines.learn.kernels.totals import Totals


class ValueHead(nn.Module):
    """One number for every token, in float32, from the hidden state that also predicts the next one.

    It begins at 0 everywhere: an untrained head makes advantages of returns, and no noise.
    """

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.linear = nn.Linear(hidden_size, 1, dtype=torch.float32)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """Values of shape (rows, tokens) of states of shape (rows, tokens, width)."""
        return self.linear(hidden.float()).squeeze(-1)


def value_loss(
    values: torch.Tensor,
    old: torch.Tensor,
    targets: torch.Tensor,
    mask: torch.Tensor,
    clip: float | None,
    totals: Totals,
) -> torch.Tensor:
    """Half the squared distance to the target, meaned over the step's tokens; of the value itself or of the one that
    went no further than `clip` from what the head said before, whichever is worse.

    Args:
        clip: None: the value itself.
    """
    errors = (values - targets) ** 2
    if clip is not None:
        near = old + (values - old).clamp(-clip, clip)
        errors = torch.maximum(errors, (near - targets) ** 2)
    return (errors * mask).sum() / 2 / max(totals.tokens, 1.0)
