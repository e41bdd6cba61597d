"""What every training step does besides its loss. Bases of the trainers in `objectives/`.

Used inside the engine program `train_program.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch.nn.utils.rnn import pad_sequence

from configs.errors import EngineError
from infra.engines.train.shared_steps import SharedSteps


class CountedSteps(SharedSteps):
    """Counts the completion tokens of a step, and ends training at the first loss that is not finite.

    To be mixed into a trainer of TRL, left of it.
    """

    step_tokens: int = 0
    """completion tokens of the latest step, on all devices"""
    planned_steps: int | None = None
    """length of the learning-rate schedule, where it spans more than this phase"""

    def count_tokens(self, batch: dict[str, Any]) -> int:
        return int(batch["completion_mask"].sum())

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
        return super().create_scheduler(self.planned_steps or num_training_steps, optimizer)

    def compute_loss(self, *args: Any, **kwargs: Any) -> Any:
        loss = super().compute_loss(*args, **kwargs)
        if not torch.isfinite(loss):
            raise EngineError(
                f"the loss is {loss.item()} at step {self.state.global_step + 1}",
                f"write a learning_rate below {self.args.learning_rate:g}, more warmup_share, or dtype: float32",
            )
        return loss * self.share

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """None: checkpoints are for resuming only."""

    def _get_num_items_in_batch(self, batch_samples: list[dict[str, Any]], device: torch.device) -> Any:
        """Called once a step with all its batches, before the first of them is trained on."""
        self.step_tokens = self.num_over_devices([self.count_tokens(batch) for batch in batch_samples], device)
        if self.layout is None:
            return super()._get_num_items_in_batch(batch_samples, device)
        return torch.tensor(self.step_tokens, device=device) if "labels" in batch_samples[0] else None


class GivenReferenceSteps(CountedSteps):
    """Rows come as token ids with the reference's log-probabilities: TRL prepares nothing and keeps no reference.

    TRL takes the mean of each batch of a step, and then the mean of those, so that a row of a short batch counts for
    more. Here a batch counts by its rows, so that a step has one mean over all its rows, whatever batches they lie in.

    To be mixed into a trainer of TRL, left of it.
    """

    means_of_rows: tuple[str, ...] = ()
    """metrics of TRL's that are means over a batch's rows, to become means over a step's"""
    step_rows: int = 0
    """rows of the step at hand, on all devices; 0 outside of a step"""

    def __init__(self, *args: Any, model: Any, **kwargs: Any) -> None:
        with _undigested(model):
            super().__init__(*args, model=model, **kwargs)
        # TRL copies a continued adapter to have a reference.
        if "ref" in getattr(self.model, "peft_config", {}):
            self.model.delete_adapter("ref")

    def compute_loss(self, model: Any, inputs: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """The mean of a batch times what the batch counts for in its step."""
        share = self.share_of(len(inputs["weight"]))
        loss = super().compute_loss(model, inputs, *args, **kwargs)
        metrics = self._metrics["train" if self.model.training else "eval"]
        for name in self.means_of_rows:
            metrics[name][-1] *= share * self.share
        return loss * share

    def share_of(self, num_rows: int) -> float:
        """What a batch counts for: 1 where all batches of the step have as many rows, and outside of a step. What is
        added up is divided by the number of batches, by transformers and over the devices."""
        if not self.step_rows:
            return 1.0
        num_batches = self.current_gradient_accumulation_steps * self.accelerator.num_processes
        return num_rows * num_batches / self.step_rows

    def _get_num_items_in_batch(self, batch_samples: list[dict[str, Any]], device: torch.device) -> Any:
        self.step_rows = self.num_over_devices([len(batch["weight"]) for batch in batch_samples], device)
        return super()._get_num_items_in_batch(batch_samples, device)

    def _prepare_dataset(self, dataset: Any, *_: Any, **__: Any) -> Any:
        return dataset

    def _precompute_ref_logps(self, dataset: Any, *_: Any) -> Any:
        return dataset


@contextmanager
def _undigested(model: Any) -> Iterator[None]:
    """TRL digests all weights, for a file of reference log-probabilities that is not written here: it takes minutes
    with a large model, and weights that devices share cannot be read so."""
    model.state_dict = dict
    try:
        yield
    finally:
        del model.state_dict


def pad_weights(rows: Sequence[Sequence[float]]) -> torch.Tensor:
    """Weights of a batch's tokens, (rows, longest), 0 where there is no token."""
    return pad_sequence([torch.tensor(row, dtype=torch.float32) for row in rows], batch_first=True)


def pad_parts(rows: Sequence[tuple[int, Sequence[int]]]) -> torch.Tensor:
    """Of which part the tokens of a batch are, (rows, longest), -1 for those of prompts and where there is none.

    Args:
        rows: length of the prompt, and the parts of the completion's tokens.
    """
    tokens = [torch.tensor([-1] * length + list(parts)) for length, parts in rows]
    return pad_sequence(tokens, batch_first=True, padding_value=-1)


def sum_by_part(values: torch.Tensor, parts: torch.Tensor, num_parts: int) -> torch.Tensor:
    """Sums of the values of each part's tokens, (rows, num_parts).

    Args:
        values, parts: (rows, tokens); of which part a token is, from 0; -1: of none.
    """
    sums = values.new_zeros(len(values), num_parts)
    return sums.scatter_add(1, parts.clamp(min=0), values * (parts >= 0))


def weigh_tokens(model: Any, weights: torch.Tensor | None) -> Callable[..., Any]:
    """The model with the log-probability of each token times its weight, (rows, tokens); None: as it is."""
    if weights is None:
        return model

    def forward(**inputs: Any) -> Any:
        outputs = model(**inputs)
        outputs.log_probs = outputs.log_probs * weights[:, 1:]  # the first token is predicted from nothing
        return outputs

    return forward
