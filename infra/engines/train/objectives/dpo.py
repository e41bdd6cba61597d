"""Direct preference optimisation (arXiv 2305.18290) with any loss of TRL's DPOTrainer, and a weight for each pair.

    loss = mean_i weight_i loss_i,  for sigmoid loss_i = -ln sigma(beta h)     (h: `pairs.py`)

Where this differs from TRL's trainer:

1. Rows come as token ids, with the reference's log-probabilities (`train/reference.py`): no reference model is kept,
   and none is guessed.
2. A weight is a factor of its pair's loss, handed in where TRL puts the weights of WPO (arXiv 2406.11827).
   With all weights 1 the loss is TRL's own.
3. A completion's log-probability is a sum over tokens, each times the weight of its part; tokens of weight 0 do not
   count in lengths. With all weights 1 it is TRL's own.
4. Dropout is what `tune` says, rather than off.
5. A step has one mean over its pairs, rather than the mean of its batches' means. aot and aot_unpaired sort the pairs
   of a batch, so that these two alone depend on how a step is cut into batches.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch
from torch.autograd.graph import allow_mutation_on_saved_tensors
from trl import DPOConfig, DPOTrainer

from configs.errors import EngineError
from configs.schema.objective import Dpo
from infra.engines.train.objectives.objective import Objective, TokenRow, given_reference
from infra.engines.train.objectives.pairs import MEANS_OF_PAIRS, PAIRS, plain_pair
from infra.engines.train.request import TrainRequest
from infra.engines.train.steps import GivenReferenceSteps, weigh_tokens

LOG_OF_ZERO = -1000.0
"""stands for the logarithm of weight 0; its exponential is 0 in every number format"""


class WeightedDPOTrainer(GivenReferenceSteps, DPOTrainer):
    """DPOTrainer on rows of `encode_pair` with ref_chosen_logps and ref_rejected_logps."""

    means_of_rows = MEANS_OF_PAIRS

    def training_step(self, *args: Any, **kwargs: Any) -> Any:
        """TRL writes weighted losses over the losses, and hinge's gradient is read from what is written over."""
        is_written_over = self.use_weighting and "hinge" in self.loss_types
        with allow_mutation_on_saved_tensors() if is_written_over else nullcontext():
            return super().training_step(*args, **kwargs)

    def _compute_loss(self, model: Any, inputs: dict[str, Any], return_outputs: bool) -> Any:
        weights = inputs.pop("weight")
        model = weigh_tokens(model, inputs.pop("token_weights", None))
        return super()._compute_loss(_weigh(model, weights) if self.use_weighting else model, inputs, return_outputs)


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


def _options(settings: Dpo, has_weights: bool) -> dict[str, Any]:
    return {
        **given_reference(settings),
        "loss_type": [settings.loss],
        "label_smoothing": settings.label_smoothing,
        "discopop_tau": settings.discopop_tau,
        "use_weighting": has_weights,
    }


def _prepare(row: TokenRow, request: TrainRequest) -> TokenRow:
    assert isinstance(request.objective, Dpo)
    if request.objective.sorts_batch and row["weight"] != 1:
        raise EngineError(
            f"a pair has weight {row['weight']}, and the loss {request.objective.loss} takes no weights: it sorts "
            "the batch",
            "take another loss, or pairs without weights",
        )
    return plain_pair(row, request)


OBJECTIVE = Objective(rows=PAIRS, trainer=WeightedDPOTrainer, config=DPOConfig, options=_options, prepare=_prepare)
