"""Kahneman-Tversky optimisation (arXiv 2402.01306) on single samples labelled desirable or undesirable.

    loss = mean_i weight_i * lambda_i * (1 - sigma(beta s_i)),  s = log-ratio - KL where desirable, KL - log-ratio else

with lambda the weight of desirable or of undesirable rows, and KL estimated on prompts with completions that are not
theirs. The mean is over the rows of a step, and KL is one number of a step. Where this differs from TRL's KTOTrainer:

1. Rows come as token ids, laid out by `lay_out_steps`, with the reference's log-probabilities.
2. A weight is a factor of its row's loss; the divisor stays the number of rows.
3. No loss falls on the given beginning of a completion; parts with further weights are refused.
4. Dropout is what `tune` says, rather than off.
5. TRL has a KL and a mean for each batch, and then the mean of those. Here a step is the same in whatever batches.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from trl import KTOConfig, KTOTrainer
from trl.trainer.kto_trainer import DataCollatorForUnpairedPreference

from configs.errors import EngineError
from configs.schema.objective import Kto
from infra.engines.train.objectives.objective import Objective, RowKind, TokenRow, given_reference
from infra.engines.train.request import TrainRequest
from infra.engines.train.rows import Encoder, split_given
from infra.engines.train.steps import GivenReferenceSteps


def encode_labelled(row: dict[str, Any], encoder: Encoder) -> TokenRow | None:
    """A row with prompt_ids, completion_ids, label and weight, the columns of TRL's collator; None where it is too
    long. What is given belongs to the prompt.

    Raises:
        EngineError: a part after the given beginning has a weight other than 1.
    """
    given, (written,) = split_given(row["completion"])
    prompt = encoder.prompt(row, given)
    completion, weights = encoder.completion(written, row.get("ends", True))
    if any(weight != 1 for weight in weights):
        raise EngineError(
            f"a part of a completion has the weight {min(weights)}, and kto weighs all that is written alike",
            "take sft or a loss over pairs, or rows whose parts after the given beginning have weight 1",
        )
    if len(prompt) + len(completion) > encoder.max_length:
        return None
    tokens = {"prompt_ids": prompt, "completion_ids": completion}
    return {**tokens, "label": row["is_desirable"], "weight": row["weight"]}


def lay_out_steps(rows: Sequence[TokenRow], step_size: int, seed: int) -> Iterator[TokenRow]:
    """Rows in a seeded order that stays the same every epoch, each with the completion its KL term is read from.

    KTO compares a prompt with a completion that is not its own: that of the row before it in the step, the last
    one for the first, as in a batch of TRL. A last step of one row takes the completion of the row before that step.

    Args:
        rows: two or more.
        step_size: rows of an optimizer step, two or more.
    """
    order = random.Random(seed).sample(range(len(rows)), len(rows))
    for start in range(0, len(order), step_size):
        step = [rows[place] for place in order[start : start + step_size]]
        others = [step[-1], *step[:-1]] if len(step) > 1 else [rows[order[start - 1]]]
        for row, other in zip(step, others, strict=True):
            yield {**row, "KL_completion_ids": other["completion_ids"]}


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
    """KTOTrainer on rows of `lay_out_steps` with ref_logps and ref_KL_logps."""

    def __init__(self, *, args: Any, **kwargs: Any) -> None:
        size = args.per_device_train_batch_size
        # TRL refuses batches of one row, for its KL is a batch's; here it is the step's.
        enough = args if size > 1 else dataclasses.replace(args, per_device_train_batch_size=2)
        super().__init__(args=enough, **kwargs)
        self.args.per_device_train_batch_size = self._train_batch_size = size
        self._waiting: list[dict[str, Any]] = []
        self._step_kl: torch.Tensor | None = None
        self._rewards = {"chosen": (0.0, 0.0), "rejected": (0.0, 0.0)}

    def _get_num_items_in_batch(self, batch_samples: list[dict[str, Any]], device: torch.device) -> Any:
        # Dropout's numbers are drawn inside the step alone, where a resumed training has them back.
        self._waiting = batch_samples
        return super()._get_num_items_in_batch(batch_samples, device)

    def _compute_loss(self, model: Any, inputs: dict[str, Any], return_outputs: bool) -> Any:
        """TRL multiplies the losses of desirable rows, in order, by desirable_weight: here one number for each."""
        if self._waiting:
            self._step_kl, self._waiting = self._kl_of_step(model, self._waiting), []
        if self._step_kl is not None:
            inputs["ref_KL_logps"] = torch.zeros_like(inputs["ref_KL_logps"])
        weights, is_desirable = inputs.pop("weight"), inputs["label"].bool()
        self.desirable_weight = self.args.desirable_weight * weights[is_desirable]
        self.undesirable_weight = self.args.undesirable_weight * weights[~is_desirable]
        loss = super()._compute_loss(model, inputs, return_outputs)
        self._note_rewards(int(is_desirable.sum()), len(weights), weights.device)
        return loss

    def _kl_of_step(self, model: Any, batches: Sequence[dict[str, Any]]) -> torch.Tensor:
        """Mean over the step's rows of how much likelier a completion that is not theirs has become."""
        total = torch.zeros((), device=self.accelerator.device)
        shares = self.shares or [1.0] * len(batches)
        for batch, share in zip(map(self._prepare_inputs, batches), shares, strict=True):
            asked = {name: value for name, value in batch.items() if name != "weight"}
            total += share * (super()._compute_kl_logps(model, asked) - batch["ref_KL_logps"]).sum()
        return self.accelerator.gather(total[None]).sum() / self.step_rows

    def _compute_kl_logps(self, model: Any, batch: dict[str, Any]) -> Any:
        """What TRL takes the batch's mean of, after ref_KL_logps is taken off."""
        if self._step_kl is None:
            return super()._compute_kl_logps(model, batch)
        return self._step_kl.expand_as(batch["ref_KL_logps"])

    def _note_rewards(self, num_desirable: int, num_rows: int, device: torch.device) -> None:
        metrics = self._metrics["train" if self.model.training else "eval"]
        for side, number in (("chosen", num_desirable), ("rejected", num_rows - num_desirable)):
            counted = int(self.accelerator.gather(torch.tensor([number], device=device)).sum()) * self.share
            total, count = self._rewards[side]
            if counted:
                self._rewards[side] = (total + counted * metrics[f"rewards/{side}"][-1], count + counted)

    def log(self, logs: dict[str, float], *args: Any, **kwargs: Any) -> None:
        """The margin is that of a step's rows of both kinds, which may lie in different batches."""
        metrics = self._metrics["train" if self.model.training else "eval"]
        metrics.pop("rewards/margins", None)
        (desirable, num_desirable), (others, num_others) = self._rewards["chosen"], self._rewards["rejected"]
        if num_desirable and num_others:
            metrics["rewards/margins"] = [desirable / num_desirable - others / num_others]
        self._rewards = dict.fromkeys(self._rewards, (0.0, 0.0))
        super().log(logs, *args, **kwargs)


def _options(settings: Kto, has_weights: bool) -> dict[str, Any]:
    return {
        **given_reference(settings),
        "desirable_weight": settings.desirable_weight,
        "undesirable_weight": settings.undesirable_weight,
        "loss_type": "kto",
        "train_sampling_strategy": "sequential",
    }


def _lay_out(rows: Sequence[TokenRow], request: TrainRequest) -> Iterator[TokenRow]:
    if len(rows) == 1:
        raise EngineError("kto needs two rows or more that are not too long, and there is one", "keep more samples")
    return lay_out_steps(rows, request.optimizer.step_size, request.seed)


OBJECTIVE = Objective(rows=LABELLED, trainer=WeightedKTOTrainer, config=KTOConfig, options=_options, lay_out=_lay_out)
