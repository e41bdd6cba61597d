"""Log-ratios of the policy to the one that drew, over tokens, texts or rows; and of that one to the sampler."""

from __future__ import annotations

import torch

from configs.schema.online.objectives import Correction, Ratio
from infra.engines.learn.kernels.totals import row_means


def log_ratios(
    logp: torch.Tensor, old: torch.Tensor, mask: torch.Tensor, ratio: Ratio, turns: torch.Tensor | None = None
) -> torch.Tensor:
    """log q of every token, or (rows, 1) where it is the row's.

    token: of each alone. turn: mean over the tokens of its text. sequence: mean over the row's tokens (GSPO);
    sequence_sum: their sum (RLOO).

    Args:
        turns: number of the text that each token lies in, from 0; read for `turn` alone.
    """
    gaps = logp - old
    if ratio == "token":
        return gaps
    if ratio == "turn":
        assert turns is not None, "ratios of texts need to know the texts"
        return _text_means(gaps, mask, turns)
    told = row_means(gaps, mask) if ratio == "sequence" else (gaps * mask).sum(-1)
    return told.unsqueeze(-1)


def _text_means(gaps: torch.Tensor, mask: torch.Tensor, turns: torch.Tensor) -> torch.Tensor:
    num_texts = int(turns.max()) + 1 if turns.numel() else 1
    zeros = gaps.new_zeros(gaps.shape[0], num_texts)
    sums = zeros.scatter_add(1, turns, gaps * mask)
    counts = zeros.scatter_add(1, turns, mask.to(gaps.dtype))
    return (sums / counts.clamp(min=1.0)).gather(1, turns)


def sampler_correction(
    old: torch.Tensor, sampled: torch.Tensor, mask: torch.Tensor, correction: Correction, cap: float
) -> torch.Tensor | None:
    """Weights of tokens, or (rows, 1) of rows: the learner's probability over the sampler's, cut off or set to 0 above
    `cap`. None: no correction. Where the sampler told no number (NaN) nothing is corrected.
    """
    if correction == "none":
        return None
    gaps = torch.nan_to_num((old - sampled) * mask, nan=0.0)
    weights = (gaps.sum(-1, keepdim=True) if correction.startswith("sequence") else gaps).exp()
    if correction.endswith("truncate"):
        return weights.clamp(max=cap)
    return weights.masked_fill(weights > cap, 0.0)


def sampler_gap(old: torch.Tensor, sampled: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Distances of the two in nats, of the tokens that both know. Shape (tokens that take part,)."""
    gaps = (old - sampled).abs()[mask.bool()]
    return gaps[~gaps.isnan()]


def effective_rows(weights: torch.Tensor) -> float:
    """(sum w)^2 / sum w^2: how many rows of equal weight would be as even."""
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares else 0.0
