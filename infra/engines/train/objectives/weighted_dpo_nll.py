"""DPO plus the likelihood of the chosen text, both times the pair's weight (ScPO, arXiv 2411.04109).

    loss = -weight ln sigma(beta h) - alpha (weight / |w|) logp(w)

For ScPO the weight is the vote margin as a share of the samples. With weight 1 it is IRPO (arXiv 2404.19733).
"""

from __future__ import annotations

import torch

from configs.schema.objective import WeightedDpoNll
from infra.engines.train.objectives.pairs import PairBatch, pair_objective, plain_pairs, sigmoid_loss


def weighted_dpo_nll_losses(batch: PairBatch, settings: WeightedDpoNll) -> torch.Tensor:
    """One loss a pair."""
    likelihood = settings.alpha * batch.chosen / batch.chosen_lengths
    return batch.weight * (sigmoid_loss(batch.gap, settings.beta) - likelihood)


OBJECTIVE = pair_objective(weighted_dpo_nll_losses, plain_pairs)
