"""TRL's SFTTrainer with a weight for each example. Used inside the engine program `sft.py`.

The loss of a step is token_mean: over all completion tokens of the step's examples,

    loss = sum_i weight_i * sum_t -log p(token_it) / number of tokens

With all weights 1 it is TRL's own loss. The divisor does not depend on the weights: a weight is a factor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from trl import SFTTrainer
from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

from configs.errors import EngineError


@dataclass
class WeightedCollator(DataCollatorForLanguageModeling):
    """TRL's padding of rows with `input_ids` and `labels`, plus their weights."""

    def torch_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        batch = super().torch_call(examples)
        batch["weight"] = torch.tensor([example["weight"] for example in examples], dtype=torch.float32)
        return batch


class WeightedSFTTrainer(SFTTrainer):
    """SFTTrainer on rows with input_ids, labels and weight. Ends training at the first loss that is not finite."""

    step_tokens: int = 0
    """completion tokens of the latest step, on all devices"""

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        weighted = _weigh(model, inputs.pop("weight"))
        loss = super().compute_loss(weighted, inputs, return_outputs, num_items_in_batch)
        self.step_tokens = int(num_items_in_batch)
        if not torch.isfinite(loss):
            raise EngineError(
                f"the loss is {loss.item()} at step {self.state.global_step + 1}",
                f"write a learning_rate below {self.args.learning_rate:g}, more warmup_share, or dtype: float32",
            )
        return loss

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """None: checkpoints are for resuming only."""


def _weigh(model: Any, weights: torch.Tensor) -> Callable[..., Any]:
    """The model with the log-probabilities of each example multiplied by its weight."""

    def forward(**inputs: Any) -> Any:
        outputs = model(**inputs)
        outputs.log_probs = outputs.log_probs * weights[:, None]
        return outputs

    return forward
