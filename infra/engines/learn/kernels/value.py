"""Credit by a value head, and the head's own loss (PPO, arXiv 1707.06347): TRL 1.16 has no trainer with one."""

from __future__ import annotations

import torch
from torch import nn

from infra.engines.learn.kernels.totals import Totals

SAME = 1e-8
"""Advantages that lie no further apart are even."""


class ValueHead(nn.Module):
    """One number for every token, in float32, from the hidden state that also predicts it.

    It begins at 0 everywhere: an untrained head makes advantages of returns, and no noise.
    """

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.linear = nn.Linear(hidden_size, 1, dtype=torch.float32)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """Values of shape (rows, tokens) of states of shape (rows, tokens, width)."""
        told: torch.Tensor = self.linear(hidden.float()).squeeze(-1)
        return told


def estimate(
    returns: torch.Tensor,
    texts: torch.Tensor,
    mask: torch.Tensor,
    values: torch.Tensor,
    discount: float,
    decay: float,
    costs: torch.Tensor | float = 0.0,
) -> torch.Tensor:
    """Generalised advantage estimation (GAE, arXiv 1506.02438) within each text: its return falls on its last token.

    sum over l of (discount decay)^l delta_(t + l), delta_t = r_t + discount V_(t+1) - V_t, V behind the end 0.

    Args:
        returns: of each token, that of its text.
        texts: number of the text that each token lies in.
        decay: lambda: 1 is return minus value, 0 one step alone.
        costs: of each token, what its own reward is less by, such as a divergence; 0 of none.

    Returns:
        Advantages (rows, tokens), 0 outside of `mask`; advantage plus value is what the head should have said.
    """
    follows = (mask[:, 1:] * mask[:, :-1]).bool() & (texts[:, 1:] == texts[:, :-1])
    told = torch.zeros_like(values)
    later, after = values.new_zeros(len(values)), values.new_zeros(len(values))
    for place in reversed(range(values.shape[1])):
        goes_on = follows[:, place] if place < values.shape[1] - 1 else torch.zeros_like(later, dtype=torch.bool)
        rewards = torch.where(goes_on, 0.0, returns[:, place])
        rewards = rewards - (costs[:, place] if isinstance(costs, torch.Tensor) else costs)
        later, after = torch.where(goes_on, later, 0.0), torch.where(goes_on, after, 0.0)
        later = rewards + discount * after - values[:, place] + discount * decay * later
        after = values[:, place]
        told[:, place] = later
    return told * mask


def whitened(advantages: torch.Tensor, pools: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """To mean 0 and deviation 1 (of the population) over the tokens of each pool; all 0 where they are equal.

    Args:
        pools: number of the pool of each token.
        mask: 1 where a token is in a pool; others stay as they are.
    """
    told = advantages.clone()
    for pool in pools[mask.bool()].unique():
        inside = mask.bool() & (pools == pool)
        found = advantages[inside]
        spread = found.std(correction=0)
        told[inside] = (found - found.mean()) / spread if spread > SAME else torch.zeros_like(found)
    return told


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
