"""Self-play preference optimisation, with distances to frozen models.

"Self-Play Preference Optimization for Language Model Alignment" (SPPO, arXiv 2405.00675):

    L = [(g_w - (p_w - 1/2) / beta)^2 + (g_l - (p_l - 1/2) / beta)^2] / 2,    g = logp - logp_ref

with w the chosen and l the rejected completion, p the chance of each to beat a sample of its problem, and the reference
the model that wrote them. `form: single` puts p_w = P(w beats l) and p_l = 1 - p_w. TRL's sppo_hard is 2 L with p of 1
and 0.

"Game-Theoretic Regularized Self-Play Alignment of Large Language Models" (RSPO, arXiv 2503.00030) adds weight x R for
frozen models mu. With y one of the two completions, and the mean over both:

    reverse_kl    R = mean of (logp - logp_mu)^2 / 2
    forward_kl    R = mean of exp(logp_mu - logp_ref) x -logp / |y|

Where this differs from the papers: the estimators of R are ours, since RSPO's are not told; a pair's weight is a factor
of all of it. At beta 0.001 a target may lie 500 from 0: the loss is in the ten thousands, and max_grad_norm is what
limits a step.
"""

from __future__ import annotations

from typing import Any

import torch

from configs.errors import EngineError
from configs.schema.objective import Regulariser, Sppo
from infra.engines.train.objectives.objective import TokenRow
from infra.engines.train.objectives.pairs import PairBatch, pair_objective, plain_pair
from infra.engines.train.request import TrainRequest


def sppo_losses(batch: PairBatch, settings: Sppo) -> torch.Tensor:
    """One loss a pair."""
    assert batch.p_chosen is not None and batch.p_rejected is not None, "`with_targets` has given each pair its own"
    chosen = batch.chosen - batch.ref_chosen - (batch.p_chosen - 0.5) / settings.beta
    rejected = batch.rejected - batch.ref_rejected - (batch.p_rejected - 0.5) / settings.beta
    loss = (chosen**2 + rejected**2) / 2
    for part in settings.regularise:
        loss = loss + part.weight * _distance(batch, part)
    return batch.weight * loss


def _distance(batch: PairBatch, part: Regulariser) -> torch.Tensor:
    """R of each pair."""
    chosen, rejected = batch.further[part.reference]
    if part.kind == "reverse_kl":
        return ((batch.chosen - chosen) ** 2 + (batch.rejected - rejected) ** 2) / 4
    ratios = (chosen - batch.ref_chosen).exp(), (rejected - batch.ref_rejected).exp()
    means = batch.chosen / batch.chosen_lengths, batch.rejected / batch.rejected_lengths
    return -(ratios[0] * means[0] + ratios[1] * means[1]) / 2


def with_targets(row: TokenRow, request: TrainRequest) -> TokenRow:
    """A pair with the chances that its two sides are moved to.

    Raises:
        EngineError: it lacks them, or one is no chance.
    """
    assert isinstance(request.objective, Sppo)
    return {**plain_pair(row, request), **_targets(row, request.objective.form)}


def _targets(row: dict[str, Any], form: str) -> dict[str, float]:
    if form == "single":
        over = row.get("p_over")
        found = {"p_chosen": over, "p_rejected": None if over is None else 1 - over}
    else:
        found = {name: row.get(name) for name in ("p_chosen", "p_rejected")}
    for name, chance in found.items():
        if chance is None or not 0 <= chance <= 1:
            raise EngineError(
                f"a pair has the chance {chance} as {'p_over' if form == 'single' else name}, which is not in [0, 1]",
                "let a win_rate judge say how often each side wins: pair.win_rate",
            )
    return {name: chance for name, chance in found.items() if chance is not None}


OBJECTIVE = pair_objective(sppo_losses, with_targets)
