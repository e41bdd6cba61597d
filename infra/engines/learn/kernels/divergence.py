"""The stream `kl_weight`: the divergence to the reference, token by token.

There is no factor of the ratio, as TRL has one by default: it changes the gradient even where the ratio is 1.
"""

from __future__ import annotations

import torch

from configs.schema.online.amount import KlEstimate
from infra.engines.learn.kernels.totals import Totals


def divergences(logp: torch.Tensor, reference: torch.Tensor, estimate: KlEstimate) -> torch.Tensor:
    """k1 = logp - ref; k2 = k1^2 / 2; k3 = e^-k1 - 1 + k1 (http://joschu.net/blog/kl-approx.html). In nats."""
    gaps = logp - reference
    if estimate == "k1":
        return gaps
    return gaps**2 / 2 if estimate == "k2" else torch.expm1(-gaps) + gaps


def divergence_loss(
    logp: torch.Tensor, reference: torch.Tensor, weights: torch.Tensor, estimate: KlEstimate, totals: Totals
) -> torch.Tensor:
    """sum of w k over the step's tokens with w above 0.

    Args:
        weights: of each token; 0 where it takes no part.
    """
    return (weights * divergences(logp, reference, estimate)).sum() / max(totals.tokens, 1.0)
