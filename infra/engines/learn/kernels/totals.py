"""What the kernels' sums are divided by: numbers of a whole optimizer step, so that it does not matter in which batches
its rows lie.

Tensors of this folder have the shape (rows, tokens); a mask holds numbers, 1 where a token takes part and 0 elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True, slots=True)
class Totals:
    """Of one stream, in one optimizer step, over all devices.

    Attributes:
        rows: with a token that takes part.
        tokens: that take part.
        wave_tokens: those of the whole wave over its number of steps: what dapo, cispo and vespo divide by in TRL.
    """

    rows: float
    tokens: float
    wave_tokens: float

    @classmethod
    def of(cls, mask: torch.Tensor) -> Totals:
        """Of a wave of one step in one batch."""
        tokens = float(mask.sum())
        return cls(float(mask.any(-1).sum()), tokens, tokens)


def row_means(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean of each row over its tokens, 0 of a row without any. Shape (rows,)."""
    return (values * mask).sum(-1) / mask.sum(-1).clamp(min=1.0)
