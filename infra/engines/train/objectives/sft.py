"""Negative log-likelihood of the completion's tokens, with a weight for each example and for each part of it.

The loss of a step, over its n examples and all their completion tokens of weight v_it above 0:

    token_mean       sum_i weight_i * sum_t -v_it log p(token_it) / number of tokens
    sequence_mean    sum_i weight_i * mean_t -v_it log p(token_it) / n

With all weights 1 token_mean is the loss of TRL's SFTTrainer. The divisor counts tokens, or examples, and does not
depend on their weights: a weight is a factor. Under token_mean a conversation cut into one row a trained turn has, in
one step, the loss of the one long row in which the other turns have weight 0; under sequence_mean each of its turns
counts as an example.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from trl import SFTConfig, SFTTrainer
from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

from configs.schema.objective import Sft
from infra.engines.train.objectives.objective import WEIGHTS, Objective, RowKind, TokenRow
from infra.engines.train.rows import IGNORED, Encoder, split_given
from infra.engines.train.steps import CountedSteps, pad_weights, weigh_tokens

TOKEN_WEIGHTS = f"input_ids{WEIGHTS}"


def encode_example(row: dict[str, Any], encoder: Encoder) -> TokenRow | None:
    """A row with input_ids, labels, weight and weights of the tokens; None where it is too long: none is cut."""
    given, (written,) = split_given(row["completion"])
    prompt = encoder.prompt(row, given)
    completion, weights = encoder.completion(written, row.get("ends", True))
    if len(prompt) + len(completion) > encoder.max_length:
        return None
    labels = [token if weight else IGNORED for token, weight in zip(completion, weights, strict=True)]
    tokens = {"input_ids": prompt + completion, "labels": [IGNORED] * len(prompt) + labels}
    weighed = [1.0] * len(prompt) + [weight or 1.0 for weight in weights]  # the labels say where no loss falls
    return {**tokens, TOKEN_WEIGHTS: weighed, "weight": row["weight"]}


@dataclass
class WeightedCollator(DataCollatorForLanguageModeling):
    """TRL's padding of rows with `input_ids` and `labels`, plus their weights."""

    def torch_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        batch = super().torch_call(examples)
        batch["weight"] = torch.tensor([example["weight"] for example in examples], dtype=torch.float32)
        if TOKEN_WEIGHTS in examples[0]:
            batch[TOKEN_WEIGHTS] = pad_weights([example[TOKEN_WEIGHTS] for example in examples])
        return batch


EXAMPLES = RowKind(columns=("messages", "completion", "weight"), encode=encode_example, collator=WeightedCollator)


class WeightedSFTTrainer(CountedSteps, SFTTrainer):
    """SFTTrainer on rows with input_ids, labels and weight."""

    def __init__(self, *args: Any, normalise: str = "token_mean", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.normalise = normalise

    def count_tokens(self, batch: dict[str, Any]) -> int:
        return int((batch["labels"] != IGNORED).sum())

    def compute_loss(self, model: Any, inputs: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        model = weigh_tokens(model, inputs.pop(TOKEN_WEIGHTS, None))
        weighted = _weigh(model, inputs.pop("weight"), is_mean=self.normalise == "sequence_mean")
        return super().compute_loss(weighted, inputs, *args, **kwargs)

    def _get_num_items_in_batch(self, batch_samples: list[dict[str, Any]], device: torch.device) -> Any:
        """The step's divisor: its tokens, or its examples."""
        num_tokens = super()._get_num_items_in_batch(batch_samples, device)
        if self.normalise == "token_mean":
            return num_tokens
        num_examples = self.num_over_devices([len(batch["labels"]) for batch in batch_samples], device)
        return torch.tensor(num_examples, device=device)


def _weigh(model: Any, weights: torch.Tensor, *, is_mean: bool) -> Callable[..., Any]:
    """The model with the log-probabilities of each example times its weight, and over its tokens for their mean."""

    def forward(**inputs: Any) -> Any:
        outputs = model(**inputs)
        factors = weights / outputs.label_mask.sum(1).clamp(min=1) if is_mean else weights
        outputs.log_probs = outputs.log_probs * factors[:, None]
        return outputs

    return forward


def _options(settings: Sft, has_weights: bool) -> dict[str, Any]:
    return {
        "packing": False,
        "dataset_kwargs": {"skip_prepare_dataset": True},
        "completion_only_loss": False,  # the labels say where the loss falls
        "loss_type": "nll",
    }


OBJECTIVE = Objective(
    rows=EXAMPLES,
    trainer=WeightedSFTTrainer,
    config=SFTConfig,
    options=_options,
    arguments=lambda settings: {"normalise": settings.normalise},
)
