"""Policy gradient on texts that were drawn before, with an advantage for each part of a text.

S2R (arXiv 2502.12853), its offline half. With d the mean log-probability of a token of the part less that of the model
that drew it, r the part's advantage, and no gradient through A:

    q = exp(d)       A = r - kl d       loss of a text = mean over its parts of -min(q A, clip(q, 1 - e, 1 + e) A)

A text of one part, kl 0 and r +-1 is the loss of SPC (arXiv 2504.19162). Rows without advantages are learnt by their
likelihood: sft_share x mean over the row's tokens of -log p. A step is the mean over all its rows (`row_mean`), or the
mean over those with advantages plus the mean over the others (`two_means`).

Where this differs from the authors' code:
1. The reference's numbers are computed once, before training: the model that drew the texts is the frozen reference.
2. S2R lets the gradient through A where all parts have one reward; here it never does.
3. A row's weight is a factor of its loss; tokens of weight 0 belong to no part.
4. `two_means` takes the mean over rows, whatever their lengths, where SPC's batches of other rows pool their tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.utils.rnn import pad_sequence
from trl import SFTConfig, SFTTrainer
from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

from configs.errors import EngineError
from configs.schema.objective import OfflinePg
from infra.engines.train.objectives.objective import PARTS, Objective, RowKind, TokenRow
from infra.engines.train.rows import IGNORED, Encoder, Part, split_given
from infra.engines.train.steps import CountedSteps, pad_parts, sum_by_part

OWN = f"completion_ids{PARTS}"
MEANS = {"ratio": "trajectories/ratio", "clipped_share": "trajectories/clipped"}


def encode_trajectory(row: dict[str, Any], encoder: Encoder) -> TokenRow | None:
    """A row with prompt_ids, completion_ids, the part of each of their tokens, advantages (none: learnt by likelihood)
    and weight; None where it is too long. What is given belongs to the prompt.

    Raises:
        EngineError: it has not one advantage for each part.
    """
    given, (written,) = split_given(row["completion"])
    prompt = encoder.prompt(row, given)
    completion, parts = _parts(written, row.get("ends", True), encoder)
    advantages = list(row.get("advantages") or ())
    num_parts = max(parts) + 1
    if advantages and len(advantages) != num_parts:
        raise EngineError(
            f"a row has {len(advantages)} advantages for {num_parts} parts that are learnt: "
            f"{''.join(part['text'] for part in row['completion'])[:80]!r}",
            "write one advantage for each piece of weight above 0, or none",
        )
    if not advantages:  # one part: its likelihood
        parts = [min(part, 0) for part in parts]
    if len(prompt) + len(completion) > encoder.max_length:
        return None
    tokens = {"prompt_ids": prompt, "completion_ids": completion, OWN: parts}
    return {**tokens, "advantages": advantages, "weight": row["weight"]}


def _parts(pieces: Iterable[Part], ends: bool, encoder: Encoder) -> tuple[list[int], list[int]]:
    """Tokens of a completion, and the part of each; its end belongs to the last piece."""
    pieces = list(pieces)
    tokens: list[int] = []
    parts: list[int] = []
    count = 0
    for place, piece in enumerate(pieces):
        own, _ = encoder.completion([piece], ends and place == len(pieces) - 1)
        tokens += own
        parts += [count if piece["weight"] else -1] * len(own)
        count += piece["weight"] != 0
    return tokens, parts


@dataclass
class TrajectoryCollator(DataCollatorForLanguageModeling):
    """TRL's padding of token rows, plus parts, advantages, the reference's sums and weights."""

    def torch_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        batch: dict[str, Any] = super().torch_call([_with_labels(row) for row in examples])
        batch["parts"] = pad_parts([(len(row["prompt_ids"]), row[OWN]) for row in examples])
        batch["has_advantages"] = torch.tensor([bool(row["advantages"]) for row in examples])
        batch["advantages"] = _pad([row["advantages"] or [0.0] for row in examples])
        batch["ref_sums"] = _pad([row["ref_sums"] for row in examples])
        batch["weight"] = torch.tensor([row["weight"] for row in examples], dtype=torch.float32)
        return batch


def _with_labels(row: dict[str, Any]) -> dict[str, Any]:
    prompt, completion = row["prompt_ids"], row["completion_ids"]
    own = [token if part >= 0 else IGNORED for token, part in zip(completion, row[OWN], strict=True)]
    return {"input_ids": prompt + completion, "labels": [IGNORED] * len(prompt) + own}


def _pad(rows: list[list[float]]) -> torch.Tensor:
    return pad_sequence([torch.tensor(row, dtype=torch.float32) for row in rows], batch_first=True)


TRAJECTORIES = RowKind(
    columns=("messages", "completion", "weight"),
    encode=encode_trajectory,
    collator=TrajectoryCollator,
    reference={"ref_sums": "completion_ids"},
    metrics=MEANS,
)
"""ratio: mean q of a step's parts; clipped_share: of the parts those whose loss has no gradient, for q lies outside"""


@dataclass(frozen=True)
class PartBatch:
    """What the loss reads; all of shape (rows, parts), natural log.

    Attributes:
        logps, ref_logps: mean log-probabilities of the parts' tokens.
        advantages: of the parts.
        is_part: where there is one.
    """

    logps: torch.Tensor
    ref_logps: torch.Tensor
    advantages: torch.Tensor
    is_part: torch.Tensor

    @property
    def shift(self) -> torch.Tensor:
        """d: how much likelier a token of the part has become, on average."""
        return self.logps - self.ref_logps


def trajectory_losses(batch: PartBatch, settings: OfflinePg) -> torch.Tensor:
    """One loss a text, (rows,)."""
    gain, clipped = _gains(batch, settings)
    losses = -torch.minimum(gain, clipped) * batch.is_part
    return losses.sum(1) / batch.is_part.sum(1).clamp(min=1)


def _gains(batch: PartBatch, settings: OfflinePg) -> tuple[torch.Tensor, torch.Tensor]:
    ratio = batch.shift.exp()
    advantages = batch.advantages - settings.kl * batch.shift.detach()
    return ratio * advantages, ratio.clamp(1 - settings.clip, 1 + settings.clip) * advantages


class OfflinePgTrainer(CountedSteps, SFTTrainer):
    """SFTTrainer on rows of `encode_trajectory` with ref_sums."""

    def __init__(self, *args: Any, settings: OfflinePg, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.settings = settings
        self.num_rows = {True: 0, False: 0}
        """of the step at hand, on all devices: with advantages, and without"""
        self.num_batches = 1
        """of the step at hand, on all devices"""

    def count_tokens(self, batch: dict[str, Any]) -> int:
        return int((batch["labels"] != IGNORED).sum())

    def compute_loss(self, model: Any, inputs: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        own = {name: inputs.pop(name) for name in ("parts", "has_advantages", "advantages", "ref_sums", "weight")}
        return super().compute_loss(self._with_losses(model, own), inputs, *args, **kwargs)

    def _get_num_items_in_batch(self, batch_samples: list[dict[str, Any]], device: torch.device) -> Any:
        """The step's divisor: its rows; 1 where each kind has its own."""
        super()._get_num_items_in_batch(batch_samples, device)
        self.num_batches = len(batch_samples) * self.accelerator.num_processes
        for kind in self.num_rows:
            counts = [int((batch["has_advantages"] == kind).sum()) for batch in batch_samples]
            self.num_rows[kind] = self.num_over_devices(counts, device)
        is_one = self.settings.normalise == "row_mean"
        return torch.tensor(sum(self.num_rows.values()) if is_one else 1, device=device)

    def _with_losses(self, model: Any, own: dict[str, torch.Tensor]) -> Callable[..., Any]:
        """The model with log-probabilities that add up to the batch's loss, its sign turned: TRL takes their sum."""

        def forward(**inputs: Any) -> Any:
            outputs = model(**inputs)
            losses = self._losses(outputs.log_probs, own) * own["weight"]
            outputs.log_probs = torch.cat([-losses[:, None], torch.zeros_like(outputs.log_probs[:, 1:])], 1)
            return outputs

        return forward

    def _losses(self, log_probs: torch.Tensor, own: dict[str, torch.Tensor]) -> torch.Tensor:
        parts, has_advantages = own["parts"][:, 1:], own["has_advantages"]
        num_parts = own["ref_sums"].shape[1]
        counts = sum_by_part(torch.ones_like(log_probs), parts, num_parts)
        logps = sum_by_part(log_probs, parts, num_parts) / counts.clamp(min=1)
        batch = PartBatch(logps, own["ref_sums"] / counts.clamp(min=1), own["advantages"], counts > 0)
        self._note(batch, has_advantages)
        likelihood = -self.settings.sft_share * logps[:, 0]
        losses = torch.where(has_advantages, trajectory_losses(batch, self.settings), likelihood)
        if self.settings.normalise == "row_mean":
            return losses
        return losses / torch.where(has_advantages, max(self.num_rows[True], 1), max(self.num_rows[False], 1))

    def _note(self, batch: PartBatch, has_advantages: torch.Tensor) -> None:
        """Means over the step's rows with advantages, of a row over its parts: TRL takes the mean of what its batches
        append, however many of those rows lie in each."""
        if not self.num_rows[True]:
            return
        chosen = batch.is_part & has_advantages[:, None]
        gain, clipped = (value.detach() for value in _gains(batch, self.settings))
        metrics = self._metrics["train" if self.model.training else "eval"]
        for name, values in (("ratio", batch.shift.detach().exp()), ("clipped_share", (clipped < gain).float())):
            of_rows = (values * chosen).sum(1) / chosen.sum(1).clamp(min=1)
            mean_over_devices = self.accelerator.gather(of_rows.sum() * self.share).mean().item()
            metrics[MEANS[name]].append(mean_over_devices * self.num_batches / self.num_rows[True])


def _options(settings: OfflinePg, has_weights: bool) -> dict[str, Any]:
    return {
        "packing": False,
        "dataset_kwargs": {"skip_prepare_dataset": True},
        "completion_only_loss": False,
        "loss_type": "nll",
    }


OBJECTIVE = Objective(
    rows=TRAJECTORIES,
    trainer=OfflinePgTrainer,
    config=SFTConfig,
    options=_options,
    arguments=lambda settings: {"settings": settings},
)
