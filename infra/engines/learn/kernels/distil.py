"""The stream `distil`: what the same model would say with more in view (SDPO, arXiv 2601.20802), by TRL's functions.

D_alpha = (1 - alpha) KL(s || m) + alpha KL(t || m), m = (1 - alpha) s + alpha t;  alpha 1: KL(s || t), 0: KL(t || s)
"""

from __future__ import annotations

import torch
from trl.experimental.sdpo.loss_utils import (
    add_tail_bucket,
    apply_importance_sampling_clipping,
    compute_divergence,
)

from infra.engines.learn.kernels.totals import Totals


def divergences_of_words(
    student: torch.Tensor, teacher: torch.Tensor, alpha: float, top_k: int | None, *, has_tail: bool = True
) -> torch.Tensor:
    """D_alpha of each token. Shape (rows, tokens).

    Args:
        student, teacher: log-probabilities of all words, shape (rows, tokens, words).
        top_k: over the student's likeliest words alone; None: over all.
        has_tail: all other words are one more; else the likeliest are made to add up to 1.
    """
    if top_k is not None and top_k < student.shape[-1]:
        places = student.topk(top_k, dim=-1).indices
        student, teacher = _of(student, places, has_tail), _of(teacher, places, has_tail)
    return compute_divergence(student, teacher, alpha)


def _of(logps: torch.Tensor, places: torch.Tensor, has_tail: bool) -> torch.Tensor:
    chosen = logps.gather(-1, places)
    return add_tail_bucket(chosen) if has_tail else chosen.log_softmax(-1)


def sampled_divergences(student: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """alpha 1 from the word that was drawn: (logp_s - logp_t), without gradient, times logp_s. Shape (rows, tokens)."""
    return (student - teacher).detach() * student


def distil_loss(
    losses: torch.Tensor, logp: torch.Tensor, old: torch.Tensor, weights: torch.Tensor, cap: float, totals: Totals
) -> torch.Tensor:
    """sum of w min(q, cap) D over the step's tokens with w above 0, q the ratio to the policy that drew, no gradient.

    Args:
        losses: of each token.
        weights: of each token; 0 where it takes no part.
    """
    return (weights * apply_importance_sampling_clipping(losses, logp, old, cap)).sum() / max(totals.tokens, 1.0)
