"""The stream `nll_weight`: negative log-likelihood of tokens that are to be written again."""

from __future__ import annotations

import torch

from infra.engines.learn.kernels.totals import Totals


def likelihood_loss(logp: torch.Tensor, weights: torch.Tensor, totals: Totals) -> torch.Tensor:
    """sum of -w logp over the step's tokens with w above 0.

    Args:
        weights: of each token, 0 or more; 0 where it takes no part.
    """
    return -(weights * logp).sum() / max(totals.tokens, 1.0)
