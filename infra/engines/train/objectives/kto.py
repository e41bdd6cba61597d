"""Kahneman-Tversky optimisation (arXiv 2402.01306) on single samples labelled desirable or undesirable.

    loss = mean_i weight_i * lambda_i * (1 - sigma(beta s_i)),  s = log-ratio - KL where desirable, KL - log-ratio else

with lambda the weight of desirable or of undesirable rows, and KL estimated on prompts with completions that are not
theirs. Where this differs from TRL's KTOTrainer:

1. Rows come as token ids, laid out by `lay_out_batches`, with the reference's log-probabilities.
2. A weight is a factor of its row's loss; the divisor stays the number of rows.
3. No loss falls on the given beginning of a completion; parts with further weights are refused.
4. Dropout is what `tune` says, rather than off.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from trl import KTOConfig, KTOTrainer
from trl.trainer.kto_trainer import DataCollatorForUnpairedPreference

from configs.errors import EngineError
from configs.schema.objective import Kto
from infra.engines.train.objectives.objective import Objective, RowKind, TokenRows, given_reference
from infra.engines.train.request import TrainRequest
from infra.engines.train.rows import Encoder, split_given
from infra.engines.train.steps import GivenReferenceSteps


def encode_labelled(rows: Iterable[dict[str, Any]], encoder: Encoder) -> tuple[TokenRows, int]:
    """Rows with prompt_ids, completion_ids, label and weight, the columns of TRL's collator; and the number that is
    too long. What is given belongs to the prompt.

    Raises:
        EngineError: a part after the given beginning has a weight other than 1.
    """
    encoded: TokenRows = []
    num_too_long = 0
    for row in rows:
        given, (written,) = split_given(row["completion"])
        prompt = encoder.prompt(row, given)
        completion, weights = encoder.completion(written, row.get("ends", True))
        if any(weight != 1 for weight in weights):
            raise EngineError(
                f"a part of a completion has the weight {min(weights)}, and kto weighs all that is written alike",
                "take sft or a loss over pairs, or rows whose parts after the given beginning have weight 1",
            )
        if len(prompt) + len(completion) > encoder.max_length:
            num_too_long += 1
            continue
        tokens = {"prompt_ids": prompt, "completion_ids": completion}
        encoded.append({**tokens, "label": row["is_desirable"], "weight": row["weight"]})
    return encoded, num_too_long


def lay_out_batches(rows: Sequence[dict[str, Any]], batch_size: int, seed: int) -> TokenRows:
    """Rows in a seeded order that stays the same every epoch, each with the completion its KL term is read from.

    KTO compares a prompt with a completion that is not its own: that of the row before it in the batch, the last
    one for the first, as in TRL. A last batch of one row takes the completion of the row before that batch.

    Args:
        rows: two or more.
        batch_size: rows of a batch, two or more.
    """
    ordered = random.Random(seed).sample(list(rows), len(rows))
    laid_out: TokenRows = []
    for start in range(0, len(ordered), batch_size):
        batch = ordered[start : start + batch_size]
        others = [batch[-1], *batch[:-1]] if len(batch) > 1 else [ordered[start - 1]]
        for row, other in zip(batch, others, strict=True):
            laid_out.append({**row, "KL_completion_ids": other["completion_ids"]})
    return laid_out


@dataclass
class LabelledCollator(DataCollatorForUnpairedPreference):
    """TRL's padding of labelled token rows, plus their weights."""

    def torch_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        batch = super().torch_call(examples)
        batch["weight"] = torch.tensor([example["weight"] for example in examples], dtype=torch.float32)
        return batch


LABELLED = RowKind(
    columns=("messages", "completion", "is_desirable", "weight"),
    encode=encode_labelled,
    collator=LabelledCollator,
    reference={"ref_logps": "completion_ids", "ref_KL_logps": "KL_completion_ids"},
    metrics={"reward_margin": "rewards/margins"},
)
"""reward_margin: mean of the desirable rows - mean of the others, null in a step with one kind only"""


class WeightedKTOTrainer(GivenReferenceSteps, KTOTrainer):
    """KTOTrainer on rows of `lay_out_batches` with ref_logps and ref_KL_logps."""

    def _compute_loss(self, model: Any, inputs: dict[str, Any], return_outputs: bool) -> Any:
        """TRL multiplies the losses of desirable rows, in order, by desirable_weight: here one number for each."""
        weights, is_desirable = inputs.pop("weight"), inputs["label"].bool()
        self.desirable_weight = self.args.desirable_weight * weights[is_desirable]
        self.undesirable_weight = self.args.undesirable_weight * weights[~is_desirable]
        return super()._compute_loss(model, inputs, return_outputs)


def _options(settings: Kto, has_weights: bool) -> dict[str, Any]:
    return {
        **given_reference(settings),
        "desirable_weight": settings.desirable_weight,
        "undesirable_weight": settings.undesirable_weight,
        "loss_type": "kto",
        "train_sampling_strategy": "sequential",
    }


def _prepare(rows: TokenRows, request: TrainRequest) -> TokenRows:
    if len(rows) == 1:
        raise EngineError("kto needs two rows or more that are not too long, and there is one", "keep more samples")
    return lay_out_batches(rows, request.optimizer.batch_size, request.seed)


OBJECTIVE = Objective(rows=LABELLED, trainer=WeightedKTOTrainer, config=KTOConfig, options=_options, prepare=_prepare)
