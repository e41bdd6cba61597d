"""TRL's KTOTrainer on labelled token rows with a weight each. Used inside the engine program `train_program.py`.

    loss = mean_i weight_i * lambda_i * (1 - sigma(beta s_i)),  s = log-ratio - KL where desirable, KL - log-ratio else

with lambda the weight of desirable or of undesirable rows, and KL estimated on prompts with completions that are not
theirs (arXiv 2402.01306). Where this differs from TRL's trainer:

1. Rows come as token ids, laid out by `preference_rows.lay_out_batches`, with the reference's log-probabilities.
2. A weight is a factor of its row's loss; the divisor stays the number of rows.
3. Dropout is what `tune` says, rather than off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from trl import KTOTrainer
from trl.trainer.kto_trainer import DataCollatorForUnpairedPreference

from infra.engines.train.preference_steps import GivenReferenceSteps


@dataclass
class LabelledCollator(DataCollatorForUnpairedPreference):
    """TRL's padding of labelled token rows, plus their weights."""

    def torch_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        batch = super().torch_call(examples)
        batch["weight"] = torch.tensor([example["weight"] for example in examples], dtype=torch.float32)
        return batch


class WeightedKTOTrainer(GivenReferenceSteps, KTOTrainer):
    """KTOTrainer on rows of `lay_out_batches` with ref_logps and ref_KL_logps."""

    def _compute_loss(self, model: Any, inputs: dict[str, Any], return_outputs: bool) -> Any:
        """TRL multiplies the losses of desirable rows, in order, by desirable_weight: here one number for each."""
        weights, is_desirable = inputs.pop("weight"), inputs["label"].bool()
        self.desirable_weight = self.args.desirable_weight * weights[is_desirable]
        self.undesirable_weight = self.args.undesirable_weight * weights[~is_desirable]
        return super()._compute_loss(model, inputs, return_outputs)
