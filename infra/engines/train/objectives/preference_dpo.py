"""TRL's DPOTrainer on token pairs with a weight each. Used inside the engine program `train_program.py`.

The loss of a step is the mean over its pairs of weight_i * loss_i; the divisor does not depend on the weights.
Where this differs from TRL's trainer:

1. Rows come as token ids, with the reference's log-probabilities (`preference_reference.py`): no reference model
   is kept, and none is guessed.
2. A weight is a factor of its pair's loss, handed in where TRL puts the weights of WPO (arXiv 2406.11827).
   With all weights 1 the loss is TRL's own.
3. Dropout is what `tune` says, rather than off.
4. `OwnPairLossTrainer` takes its losses from `losses.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from trl import DPOTrainer
from trl.trainer.dpo_trainer import DataCollatorForPreference

from configs.schema.objective import SoftLabelDpo, WeightedDpoNll
from infra.engines.train.objectives.losses import log_ratio_gap, soft_label_loss, weighted_dpo_nll_loss
from infra.engines.train.preference_steps import GivenReferenceSteps
from infra.engines.train.rows import IGNORED

LOG_OF_ZERO = -1000.0
"""stands for the logarithm of weight 0; its exponential is 0 in every number format"""


@dataclass
class PairCollator(DataCollatorForPreference):
    """TRL's padding of token pairs, plus their weights and soft labels."""

    def torch_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        batch = super().torch_call(examples)
        for column in ("weight", "soft_label"):
            if column in examples[0]:
                batch[column] = torch.tensor([example[column] for example in examples], dtype=torch.float32)
        return batch


class WeightedDPOTrainer(GivenReferenceSteps, DPOTrainer):
    """DPOTrainer on rows of `encode_pairs` with ref_chosen_logps and ref_rejected_logps."""

    def _compute_loss(self, model: Any, inputs: dict[str, Any], return_outputs: bool) -> Any:
        weights = inputs.pop("weight")
        return super()._compute_loss(_weigh(model, weights) if self.use_weighting else model, inputs, return_outputs)


class OwnPairLossTrainer(WeightedDPOTrainer):
    """Pairs under a loss of `losses.py`, with TRL's metrics of rewards.

    Args:
        objective: `WeightedDpoNll` or `SoftLabelDpo`.
    """

    def __init__(self, *args: Any, objective: WeightedDpoNll | SoftLabelDpo, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.objective = objective

    def _compute_loss(self, model: Any, inputs: dict[str, Any], return_outputs: bool) -> Any:
        labels = inputs["input_ids"].masked_fill(inputs["completion_mask"] == 0, IGNORED)
        outputs = model(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            labels=labels,
            use_cache=False,
            fused_lm_head=True,
        )
        chosen, rejected = outputs.log_probs.sum(1).chunk(2)
        chosen_gain, rejected_gain = chosen - inputs["ref_chosen_logps"], rejected - inputs["ref_rejected_logps"]
        self._note_rewards(self.objective.beta * chosen_gain.detach(), self.objective.beta * rejected_gain.detach())
        return self._pair_losses(chosen, rejected, inputs).mean()

    def _pair_losses(self, chosen: torch.Tensor, rejected: torch.Tensor, inputs: dict[str, Any]) -> torch.Tensor:
        objective, weight = self.objective, inputs["weight"]
        gap = log_ratio_gap(chosen, rejected, inputs["ref_chosen_logps"], inputs["ref_rejected_logps"])
        if isinstance(objective, SoftLabelDpo):
            return weight * soft_label_loss(gap, inputs["soft_label"], objective.beta)
        lengths = inputs["completion_mask"].chunk(2)[0].sum(1)
        return weighted_dpo_nll_loss(gap, chosen, lengths, weight, objective.beta, objective.alpha)

    def _note_rewards(self, chosen: torch.Tensor, rejected: torch.Tensor) -> None:
        margins = self.accelerator.gather(chosen - rejected)
        metrics = self._metrics["train" if self.model.training else "eval"]
        metrics["rewards/margins"].append(margins.mean().item())
        metrics["rewards/accuracies"].append((margins > 0).float().mean().item())


def _weigh(model: Any, weights: torch.Tensor) -> Callable[..., Any]:
    """The model with outputs from which TRL reads the factor `weight` for each pair.

    Its factor is exp(mean_t(log_probs - log_sum_sq_probs)) of the chosen times that of the rejected side: the
    chosen side is made to give the weight, the rejected side 1.
    """
    logs = weights.log().clamp(min=LOG_OF_ZERO)
    logs = torch.cat([logs, torch.zeros_like(logs)])

    def forward(**inputs: Any) -> Any:
        outputs = model(**inputs)
        outputs.log_sum_sq_probs = outputs.log_probs.detach() - logs[:, None]
        return outputs

    return forward
