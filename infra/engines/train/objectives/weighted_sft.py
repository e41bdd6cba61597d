"""TRL's SFTTrainer with a weight for each example. Used inside the engine program `train_program.py`.

The loss of a step, over its n examples and all their completion tokens on which loss falls:

    token_mean       sum_i weight_i * sum_t -log p(token_it) / number of tokens
    sequence_mean    sum_i weight_i * mean_t -log p(token_it) / n

With all weights 1 token_mean is TRL's own loss. The divisor does not depend on the weights: a weight is a factor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from trl import SFTTrainer
from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

from infra.engines.train.rows import IGNORED
from infra.engines.train.steps import CountedSteps


@dataclass
class WeightedCollator(DataCollatorForLanguageModeling):
    """TRL's padding of rows with `input_ids` and `labels`, plus their weights."""

    def torch_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        batch = super().torch_call(examples)
        batch["weight"] = torch.tensor([example["weight"] for example in examples], dtype=torch.float32)
        return batch


class WeightedSFTTrainer(CountedSteps, SFTTrainer):
    """SFTTrainer on rows with input_ids, labels and weight."""

    def __init__(self, *args: Any, normalise: str = "token_mean", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.normalise = normalise

    def count_tokens(self, batch: dict[str, Any]) -> int:
        return int((batch["labels"] != IGNORED).sum())

    def compute_loss(self, model: Any, inputs: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        weighted = _weigh(model, inputs.pop("weight"), is_mean=self.normalise == "sequence_mean")
        return super().compute_loss(weighted, inputs, *args, **kwargs)

    def _get_num_items_in_batch(self, batch_samples: list[dict[str, Any]], device: torch.device) -> Any:
        """The step's divisor: its tokens, or its examples."""
        num_tokens = super()._get_num_items_in_batch(batch_samples, device)
        if self.normalise == "token_mean":
            return num_tokens
        num_examples = self.sum_over_devices(sum(len(batch["labels"]) for batch in batch_samples), device)
        return torch.tensor(num_examples, device=device)


def _weigh(model: Any, weights: torch.Tensor, *, is_mean: bool) -> Callable[..., Any]:
    """The model with the log-probabilities of each example times its weight, and over its tokens for their mean."""

    def forward(**inputs: Any) -> Any:
        outputs = model(**inputs)
        factors = weights / outputs.label_mask.sum(1).clamp(min=1) if is_mean else weights
        outputs.log_probs = outputs.log_probs * factors[:, None]
        return outputs

    return forward
