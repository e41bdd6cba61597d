"""Conservative DPO: the loss of both orders, mixed by the chance C that the chosen side is the better one.

    loss = -weight [ C ln sigma(beta h) + (1 - C) ln sigma(-beta h) ],  C in (0.5, 1]

CREAM (arXiv 2410.12735) takes C from the pair; `label` fixes it for all pairs. The weight is ours: CREAM has none.
"""

from __future__ import annotations

from typing import Any

import torch

from configs.errors import EngineError
from configs.schema.objective import SoftLabelDpo
from infra.engines.train.objectives.objective import TokenRow
from infra.engines.train.objectives.pairs import PairBatch, pair_objective, plain_pair, sigmoid_loss
from infra.engines.train.request import TrainRequest


def soft_label_losses(batch: PairBatch, settings: SoftLabelDpo) -> torch.Tensor:
    """One loss a pair."""
    label, gap, beta = batch.soft_label, batch.gap, settings.beta
    assert label is not None, "`with_soft_label` has given each pair one"
    return batch.weight * (label * sigmoid_loss(gap, beta) + (1 - label) * sigmoid_loss(-gap, beta))


def with_soft_label(row: TokenRow, request: TrainRequest) -> TokenRow:
    """A pair with the objective's label, or its own."""
    assert isinstance(request.objective, SoftLabelDpo)
    fixed = request.objective.label
    return {**plain_pair(row, request), "soft_label": _check(row) if fixed is None else fixed}


def _check(row: dict[str, Any]) -> float:
    label: float | None = row["soft_label"]
    if label is None or not 0.5 < label <= 1:
        raise EngineError(
            f"a pair has the soft label {label}, which is not in (0.5, 1]",
            "write train.objective.label, or select pairs in a way that gives each its soft label",
        )
    return label


OBJECTIVE = pair_objective(soft_label_losses, with_soft_label)
