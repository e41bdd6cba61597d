"""The stream `advantage`: the policy gradient losses of TRL 1.16's GRPOTrainer, by their names there.

TRL computes them inside of the trainer, from tensors that it made itself; here they are a function of
log-probabilities, which a test holds to the trainer's own numbers and gradients. Differences:

1. Sums are divided by numbers of the optimizer step (`Totals`), where TRL has the mean of its batches' means.
2. Rows without a token that takes part are not counted (TRL counts them as a loss of 0).
3. A row's tokens that take part are those with an advantage, so that ratios of rows and texts are over these.
4. Besides token and sequence there are ratios of texts, and of summed log-ratios as RLOO has them.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from configs.schema.online.objectives import Cispo, PolicyGradient, Sapo, Vespo
from infra.engines.learn.grpo import GRPOTrainer
from infra.engines.learn.kernels.ratios import log_ratios
from infra.engines.learn.kernels.totals import Totals, row_means


@dataclass(frozen=True)
class PolicyLoss:
    """A loss, and how much of it was clipped.

    Attributes:
        num_low, num_high: tokens whose gradient the clip took away, below and above.
    """

    loss: torch.Tensor
    num_low: float
    num_high: float


@dataclass(frozen=True)
class Drawn:
    """What is known of a batch of rows.

    Attributes:
        logp: of the policy, with gradient.
        old: of the policy that drew, as the learner computes them.
        mask: 1 where a token has an advantage.
        turns: number of the text that each token lies in, for `ratio: turn`.
        weights: of tokens or rows, for what the sampler's numbers differ (`ratios.sampler_correction`).
    """

    logp: torch.Tensor
    old: torch.Tensor
    advantages: torch.Tensor
    mask: torch.Tensor
    turns: torch.Tensor | None = None
    weights: torch.Tensor | None = None


def policy_loss(drawn: Drawn, objective: PolicyGradient, totals: Totals, max_tokens: int) -> PolicyLoss:
    """The loss of a batch; those of the batches of a step add up to the step's.

    Args:
        max_tokens: of an episode's text: what dr_grpo divides by.
    """
    log_q = log_ratios(drawn.logp, drawn.old, drawn.mask, objective.ratio, drawn.turns)
    ratio = log_q.exp()
    losses = _token_losses(drawn, objective, ratio)
    if drawn.weights is not None and objective.loss != "vespo":  # vespo has them in its own weight
        losses = losses * drawn.weights
    low, high = _clipped(drawn, objective, ratio)
    return PolicyLoss(_aggregate(losses, drawn.mask, objective, totals, max_tokens), low, high)


def _token_losses(drawn: Drawn, objective: PolicyGradient, ratio: torch.Tensor) -> torch.Tensor:
    advantages = drawn.advantages
    if objective.loss == "cispo":
        cap = objective.cap if isinstance(objective, Cispo) else 1 + objective.clip_high
        return -ratio.clamp(max=cap).detach() * advantages * drawn.logp
    if objective.loss == "sapo":
        settings = objective if isinstance(objective, Sapo) else Sapo()
        up, down = settings.temperature_up, settings.temperature_down
        temperature = torch.where(advantages > 0, up, down)
        return -torch.sigmoid(temperature * (ratio - 1)) * 4 / temperature * advantages
    if objective.loss == "vespo":
        return -_gamma_weights(drawn, objective) * advantages * drawn.logp
    clipped = ratio.clamp(1 - objective.clip_low, 1 + objective.clip_high)
    bounded = ratio if objective.delta is None else ratio.clamp(max=objective.delta)
    return -torch.min(bounded * advantages, clipped * advantages)


def entropy_bonus(entropies: torch.Tensor, mask: torch.Tensor, weight: float, totals: Totals) -> torch.Tensor:
    """What the loss is less by: weight times the mean entropy of the step's tokens, in nats."""
    return weight * (entropies * mask).sum() / max(totals.tokens, 1.0)


def _gamma_weights(drawn: Drawn, objective: PolicyGradient) -> torch.Tensor:
    settings = objective if isinstance(objective, Vespo) else Vespo()
    return GRPOTrainer.get_gamma_weights(
        advantages=drawn.advantages,
        log_ratio_per_token=drawn.logp - drawn.old,
        mask=drawn.mask,
        importance_sampling_ratio=drawn.weights,
        k_pos=settings.k_up,
        lambda_pos=settings.lambda_up,
        k_neg=settings.k_down,
        lambda_neg=settings.lambda_down,
    )


def _aggregate(
    losses: torch.Tensor, mask: torch.Tensor, objective: PolicyGradient, totals: Totals, max_tokens: int
) -> torch.Tensor:
    total = (losses * mask).sum()
    rows = max(totals.rows, 1.0)
    if objective.loss in ("grpo", "sapo"):
        return row_means(losses, mask).sum() / rows
    if objective.loss == "luspo":
        return total / rows
    if objective.loss == "dr_grpo":
        return total / (rows * max_tokens)
    return total / max(totals.tokens if objective.loss == "bnpo" else totals.wave_tokens, 1.0)


def _clipped(drawn: Drawn, objective: PolicyGradient, ratio: torch.Tensor) -> tuple[float, float]:
    """Tokens without a gradient: below where the advantage is negative; above where it is positive; beyond delta."""
    if objective.loss in ("sapo", "vespo"):
        return 0.0, 0.0
    is_good, is_bad = drawn.advantages > 0, drawn.advantages < 0
    if objective.loss == "cispo":
        cap = objective.cap if isinstance(objective, Cispo) else 1 + objective.clip_high
        return 0.0, float(((ratio > cap) & is_good).mul(drawn.mask).sum())
    delta = objective.delta or float("inf")
    low = (ratio < 1 - objective.clip_low) & is_bad
    high = ((ratio > min(1 + objective.clip_high, delta)) & is_good) | ((ratio > delta) & is_bad)
    return float(low.mul(drawn.mask).sum()), float(high.mul(drawn.mask).sum())
