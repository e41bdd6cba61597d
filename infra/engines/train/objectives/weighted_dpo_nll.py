"""DPO plus the likelihood of the chosen text, both times the pair's weight (ScPO, arXiv 2411.04109).

    loss = -weight ln sigma(beta h) - alpha (weight / |w|) logp(w)

For ScPO the weight is the vote margin as a share of the samples. With weight 1 it is IRPO (arXiv 2404.19733).

With `nll: after_prefix` the second term is of that part of the chosen completion alone which comes after the pieces
that both sides begin with: of a wrong answer, the token that says so and a correction, the last two. A chosen side that
goes no further counts whole. So has ReVISE (arXiv 2502.14565), whose code looks for its token instead.
"""

from __future__ import annotations

import torch

from configs.schema.objective import WeightedDpoNll
from infra.engines.train.objectives.objective import TokenRow
from infra.engines.train.objectives.pairs import (
    TAIL,
    PairBatch,
    pair_objective,
    plain_pair,
    sigmoid_loss,
    tail_of,
)
from infra.engines.train.request import TrainRequest


def weighted_dpo_nll_losses(batch: PairBatch, settings: WeightedDpoNll) -> torch.Tensor:
    """One loss a pair."""
    return batch.weight * (sigmoid_loss(batch.gap, settings.beta) - settings.alpha * batch.likelihood)


def _prepare(row: TokenRow, request: TrainRequest) -> TokenRow:
    assert isinstance(request.objective, WeightedDpoNll)
    if request.objective.nll == "after_prefix":
        row = {**row, TAIL: tail_of(row)}
    return plain_pair(row, request)


OBJECTIVE = pair_objective(weighted_dpo_nll_losses, _prepare)
