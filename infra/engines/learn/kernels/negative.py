"""The streams of NFT (arXiv 2505.18116): likelihood of right rows, and of wrong ones through the policy that would be
left if the right ones were taken away.

    right    -ln q                        gradient -1 a nat of log q
    wrong    -ln z, z = (1 - p q) / (1 - p)       p q / ((1 - p) max(z, eps))

with q the ratio to the policy that drew and p the group's share of right rows. The least value eps under the logarithm,
and the largest ratio, change values and leave gradients (the authors' straight-through clamps): with their eps of 1 for
wrong rows the value is 0 wherever the gradient pushes most, so the value says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from configs.schema.online.objectives import Nft
from infra.engines.learn.kernels.ratios import log_ratios
from infra.engines.learn.kernels.totals import Totals

MOST_LOG_RATIO = 10.0


@dataclass(frozen=True)
class Sided:
    """A batch of rows of NFT; `shares`, `is_right` and `weights` are of each token, and the same over a row.

    Attributes:
        mask: 1 where a token takes part.
    """

    logp: torch.Tensor
    old: torch.Tensor
    mask: torch.Tensor
    shares: torch.Tensor
    is_right: torch.Tensor
    weights: torch.Tensor


def negative_aware_loss(sided: Sided, objective: Nft, totals: Totals) -> torch.Tensor:
    """Sum over rows and tokens, over `divisor` or the step's tokens; with ratios of rows each row counts once."""
    log_q = log_ratios(sided.logp, sided.old, sided.mask, objective.ratio).expand_as(sided.logp)
    losses = negative_aware_losses(log_q, sided.shares, sided.is_right, objective) * sided.weights
    if objective.ratio == "sequence_sum":
        losses = losses / sided.mask.sum(-1, keepdim=True).clamp(min=1.0)
    divisor = max(totals.tokens, 1.0) if objective.divisor is None else objective.divisor
    return (losses * sided.mask).sum() / divisor


def negative_aware_losses(
    log_q: torch.Tensor, shares: torch.Tensor, is_right: torch.Tensor, objective: Nft
) -> torch.Tensor:
    """The loss of each token."""
    q = _value_of(log_q, log_q.clamp(max=MOST_LOG_RATIO)).exp()
    left = (1 - shares * q) / (1 - shares)
    right = _value_of(q, q.clamp(min=objective.eps_right)) if objective.eps_right else q
    wrong = _value_of(left, left.clamp(min=objective.eps_wrong))
    return -torch.where(is_right.bool(), right, wrong).log()


def _value_of(kept: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """`value` to the last bit, however large `kept` is, with the gradient of `kept`."""
    return value.detach() + (kept - kept.detach())
