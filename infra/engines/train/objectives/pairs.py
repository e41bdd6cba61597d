"""Training rows that are pairs: their tokens, and the trainer of losses that TRL does not have.

With w the chosen and l the rejected completion, logp the sum over a completion's tokens, its end token included, each
times the weight of its part (reference alike; the policy's rewards in the metrics too):

    h(w, l) = [logp(w) - logp_ref(w)] - [logp(l) - logp_ref(l)]
    sigmoid    -ln sigma(beta h)                              (DPO, arXiv 2305.18290)

The loss of a step is the mean over its pairs, whatever batches they lie in (`train/steps.py`); no divisor depends on
the weights.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.nn.functional import logsigmoid
from trl import DPOConfig, DPOTrainer
from trl.trainer.dpo_trainer import DataCollatorForPreference

from infra.engines.train.objectives.objective import (
    WEIGHTS,
    Objective,
    RowKind,
    TokenRow,
    further_column,
    given_reference,
    is_further,
)
from infra.engines.train.request import TrainRequest
from infra.engines.train.rows import IGNORED, Encoder, Part, split_given
from infra.engines.train.steps import GivenReferenceSteps, pad_weights, weigh_tokens

CHANCES = ("p_chosen", "p_rejected", "p_over")
"""of each side to beat a sample of its problem, and of the chosen to beat the rejected"""
NUM_SHARED, TAIL = "num_shared", "chosen_tail"
"""columns: tokens that both sides begin with; 1 for the chosen side's tokens after those, where a loss reads it"""


def encode_pair(row: dict[str, Any], encoder: Encoder) -> TokenRow | None:
    """A row with prompt_ids, chosen_ids, rejected_ids, weight and soft_label, the columns of TRL's collator, weights of
    the tokens, and chances to win where they are told; None where one of its sides is too long.

    What both sides begin with and no loss falls on belongs to the prompt.
    """
    given, (chosen, rejected) = split_given(row["chosen"], row["rejected"])
    prompt = encoder.prompt(row, given)
    chosen_ids, chosen_weights = encoder.completion(chosen, row.get("chosen_ends", True))
    rejected_ids, rejected_weights = encoder.completion(rejected, row.get("rejected_ends", True))
    if len(prompt) + max(len(chosen_ids), len(rejected_ids)) > encoder.max_length:
        return None
    tokens: dict[str, Any] = {"prompt_ids": prompt, "chosen_ids": chosen_ids, "rejected_ids": rejected_ids}
    tokens[NUM_SHARED] = _num_shared(chosen, rejected, encoder)
    weights = {f"chosen_ids{WEIGHTS}": chosen_weights, f"rejected_ids{WEIGHTS}": rejected_weights}
    chances = {name: row[name] for name in CHANCES if row.get(name) is not None}
    return {**tokens, **weights, "weight": row["weight"], "soft_label": row.get("soft_label"), **chances}


def _num_shared(chosen: Sequence[Part], rejected: Sequence[Part], encoder: Encoder) -> int:
    """Tokens of the pieces that both sides begin with; 0 where the chosen side has no text after them."""
    texts = [part["text"] for part in chosen], [part["text"] for part in rejected]
    count = 0
    while count < min(map(len, texts)) and texts[0][count] == texts[1][count]:
        count += 1
    return len(encoder.completion(chosen[:count], ends=False)[0]) if any(texts[0][count:]) else 0


def tail_of(row: dict[str, Any]) -> list[float]:
    """1 for the tokens of the chosen side that come after what both sides begin with, 0 for those before."""
    return [float(place >= row[NUM_SHARED]) for place in range(len(row["chosen_ids"]))]


@dataclass
class PairCollator(DataCollatorForPreference):
    """TRL's padding of token pairs, plus their weights, soft labels, chances and what further references say; no loss
    falls on tokens of weight 0."""

    def torch_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        batch = super().torch_call(examples)
        if f"chosen_ids{WEIGHTS}" in examples[0]:
            sides = [(row, side) for side in ("chosen_ids", "rejected_ids") for row in examples]
            batch["token_weights"] = pad_weights(
                [[0.0] * len(row["prompt_ids"]) + row[side + WEIGHTS] for row, side in sides]
            )
            batch["completion_mask"] = (batch["token_weights"] != 0).long()
        if TAIL in examples[0]:
            tails = [row[TAIL] for row in examples] + [[0.0] * len(row["rejected_ids"]) for row in examples]
            prompts = [len(row["prompt_ids"]) for row in examples] * 2
            batch[TAIL] = pad_weights([[0.0] * size + tail for size, tail in zip(prompts, tails, strict=True)])
        for column in examples[0]:
            if column in ("weight", "soft_label", *CHANCES) or is_further(column):
                batch[column] = torch.tensor([example[column] for example in examples], dtype=torch.float32)
        return batch


PAIRS = RowKind(
    columns=("messages", "chosen", "rejected", "weight"),
    encode=encode_pair,
    collator=PairCollator,
    reference={"ref_chosen_logps": "chosen_ids", "ref_rejected_logps": "rejected_ids"},
    metrics={"reward_margin": "rewards/margins", "reward_accuracy": "rewards/accuracies"},
)
"""reward_margin: mean over the step of chosen - rejected; reward_accuracy: share of pairs whose chosen side has the
higher reward"""

MEANS_OF_PAIRS = tuple(PAIRS.metrics.values())


def plain_pair(row: TokenRow, request: TrainRequest) -> TokenRow:
    """A pair for a loss that reads neither soft labels nor chances to win, less what was there to prepare it."""
    dropped = ("soft_label", NUM_SHARED, *CHANCES)
    return {name: value for name, value in row.items() if name not in dropped}


@dataclass(frozen=True)
class PairBatch:
    """What a loss reads: one number a pair, all of shape (pairs,), log-probabilities natural.

    Attributes:
        chosen, rejected, ref_chosen, ref_rejected: summed log-probabilities of the completions.
        chosen_lengths, rejected_lengths: tokens of a side on which loss falls, its end token included, at least 1.
        weight: at least 0.
        soft_label: chance that the chosen side is the better one; None for losses that read none.
        p_chosen, p_rejected: chance of each side to win; None for losses that read none.
        further: what further references say of chosen and rejected, by name.
        tail, tail_lengths: summed log-probabilities of the end of the chosen completion that a likelihood term is of,
            and its tokens, as above; None where the term is of the whole completion.
    """

    chosen: torch.Tensor
    rejected: torch.Tensor
    ref_chosen: torch.Tensor
    ref_rejected: torch.Tensor
    chosen_lengths: torch.Tensor
    rejected_lengths: torch.Tensor
    weight: torch.Tensor
    soft_label: torch.Tensor | None = None
    p_chosen: torch.Tensor | None = None
    p_rejected: torch.Tensor | None = None
    further: Mapping[str, tuple[torch.Tensor, torch.Tensor]] = field(default_factory=dict)
    tail: torch.Tensor | None = None
    tail_lengths: torch.Tensor | None = None

    @property
    def likelihood(self) -> torch.Tensor:
        """Mean log-probability of a token of the chosen side, or of its tail."""
        if self.tail is None or self.tail_lengths is None:
            return self.chosen / self.chosen_lengths
        return self.tail / self.tail_lengths

    @property
    def gap(self) -> torch.Tensor:
        """h: how much more the model has moved towards the chosen than towards the rejected completion."""
        return (self.chosen - self.ref_chosen) - (self.rejected - self.ref_rejected)


def sigmoid_loss(gap: torch.Tensor, beta: float) -> torch.Tensor:
    """DPO's own loss; with beta 1 and a gap of two scores it is the Bradley-Terry loss of a reward model."""
    return -logsigmoid(beta * gap)


PairLosses = Callable[[PairBatch, Any], torch.Tensor]
"""(batch, the objective's settings) -> one loss a pair, weights applied"""


class PairLossTrainer(GivenReferenceSteps, DPOTrainer):
    """Pairs under a loss of ours, with TRL's metrics of rewards.

    Args:
        losses: of a file of this folder.
        settings: the recipe's objective; its `beta` scales the rewards.
    """

    means_of_rows = MEANS_OF_PAIRS

    def __init__(self, *args: Any, losses: PairLosses, settings: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.losses, self.settings = losses, settings

    def _compute_loss(self, model: Any, inputs: dict[str, Any], return_outputs: bool) -> Any:
        labels = inputs["input_ids"].masked_fill(inputs["completion_mask"] == 0, IGNORED)
        outputs = weigh_tokens(model, inputs.get("token_weights"))(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            labels=labels,
            use_cache=False,
            fused_lm_head=True,
        )
        chosen, rejected = outputs.log_probs.sum(1).chunk(2)
        batch = self._batch(chosen, rejected, _tail(outputs.log_probs, inputs), inputs)
        self._note_rewards(batch)
        return self.losses(batch, self.settings).mean()

    def _batch(
        self, chosen: torch.Tensor, rejected: torch.Tensor, tail: tuple[torch.Tensor, ...], inputs: dict[str, Any]
    ) -> PairBatch:
        chosen_mask, rejected_mask = inputs["completion_mask"].chunk(2)
        columns = "ref_chosen_logps", "ref_rejected_logps"
        further = {
            name: (inputs[further_column(name, columns[0])], inputs[further_column(name, columns[1])])
            for name in self.settings.further_references
        }
        return PairBatch(
            chosen, rejected, inputs[columns[0]], inputs[columns[1]], chosen_mask.sum(1), rejected_mask.sum(1),
            inputs["weight"], inputs.get("soft_label"), inputs.get("p_chosen"), inputs.get("p_rejected"), further,
            *tail,
        )  # fmt: skip

    def _note_rewards(self, batch: PairBatch) -> None:
        beta = self.settings.beta
        chosen = beta * (batch.chosen - batch.ref_chosen).detach()
        rejected = beta * (batch.rejected - batch.ref_rejected).detach()
        margins = self.accelerator.gather(chosen - rejected)
        metrics = self._metrics["train" if self.model.training else "eval"]
        metrics["rewards/margins"].append(margins.mean().item())
        metrics["rewards/accuracies"].append((margins > 0).float().mean().item())


def _tail(log_probs: torch.Tensor, inputs: dict[str, Any]) -> tuple[torch.Tensor, ...]:
    """Sum and number of the tokens of the chosen sides' tails; nothing where the loss reads none."""
    if TAIL not in inputs:
        return ()
    mask = inputs[TAIL] * inputs["completion_mask"]
    return (log_probs * mask[:, 1:]).sum(1).chunk(2)[0], mask.sum(1).chunk(2)[0].clamp(min=1)


def pair_objective(losses: PairLosses, prepare: Callable[[TokenRow, TrainRequest], TokenRow]) -> Objective:
    """An objective over pairs with a loss of ours."""
    return Objective(
        rows=PAIRS,
        trainer=PairLossTrainer,
        config=DPOConfig,
        options=lambda settings, has_weights: given_reference(settings),
        arguments=lambda settings: {"losses": losses, "settings": settings},
        prepare=prepare,
    )
