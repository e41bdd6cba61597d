"""The preference losses that are ours, on log-probabilities. Pure torch; used by `preference_dpo.py`.

With w the chosen and l the rejected completion, logp the sum over a completion's tokens, its end token included:

    h(w, l) = [logp(w) - logp_ref(w)] - [logp(l) - logp_ref(l)]
    sigmoid            -ln sigma(beta h)                                                (DPO, arXiv 2305.18290)
    weighted_dpo_nll   -weight ln sigma(beta h) - alpha (weight / |w|) logp(w)          (ScPO, arXiv 2411.04109)
    soft_label         -C ln sigma(beta h) - (1 - C) ln sigma(-beta h)                  (CREAM, arXiv 2410.12735)

Every function takes one number a pair and gives one loss a pair, in natural logarithms; all shapes are (pairs,).
"""

from __future__ import annotations

import torch
from torch.nn.functional import logsigmoid


def log_ratio_gap(
    chosen: torch.Tensor, rejected: torch.Tensor, ref_chosen: torch.Tensor, ref_rejected: torch.Tensor
) -> torch.Tensor:
    """h: how much more the model has moved towards the chosen than towards the rejected completion."""
    return (chosen - ref_chosen) - (rejected - ref_rejected)


def sigmoid_loss(gap: torch.Tensor, beta: float) -> torch.Tensor:
    """DPO's own loss; with beta 1 and a gap of two scores it is the Bradley-Terry loss of a reward model."""
    return -logsigmoid(beta * gap)


def weighted_dpo_nll_loss(
    gap: torch.Tensor,
    chosen: torch.Tensor,
    chosen_lengths: torch.Tensor,
    weight: torch.Tensor,
    beta: float,
    alpha: float,
) -> torch.Tensor:
    """ScPO; with weight 1 it is IRPO (arXiv 2404.19733).

    Args:
        chosen_lengths: |w|, tokens of the chosen completion with its end token, at least 1.
        weight: at least 0; for ScPO the vote margin as a share of the samples.
    """
    return weight * (sigmoid_loss(gap, beta) - alpha * chosen / chosen_lengths)


def soft_label_loss(gap: torch.Tensor, label: torch.Tensor, beta: float) -> torch.Tensor:
    """Conservative DPO: the loss of both orders, mixed by the chance that the chosen side is the better one.

    Args:
        label: C, in (0.5, 1].
    """
    return label * sigmoid_loss(gap, beta) + (1 - label) * sigmoid_loss(-gap, beta)
