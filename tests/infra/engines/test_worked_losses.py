"""Losses of pairs by hand-computed numbers, on a model that gives known log-probabilities."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from configs.schema.objective import Dpo, Objective, SoftLabelDpo, WeightedDpoNll
from tests.infra.engines.preferences import TEXTS, make_trainer, pair_rows

pytestmark = pytest.mark.slow


class KnownModel:
    """Stands for a model that gives test vector D1: chosen -20, rejected -25, each over ten tokens."""

    def __call__(self, **inputs: Any) -> Any:
        import torch
        from trl.trainer.utils import FusedCausalLMOutput

        logprobs = torch.tensor([[-2.0], [-2.5]], dtype=torch.float64).expand(2, 10)
        zeros = torch.zeros_like(logprobs)
        return FusedCausalLMOutput(
            log_probs=logprobs, entropy=zeros, mean_logits=zeros, is_top1=zeros.bool(), log_sum_sq_probs=zeros
        )


@pytest.mark.parametrize(
    ("objective", "weight", "loss"),
    [
        (Dpo(), 1.0, 0.554355),
        (Dpo(beta=0.5), 1.0, 0.201413),
        (Dpo(loss="robust", label_smoothing=0.2), 1.0, 0.454355),
        (Dpo(loss="hinge"), 1.0, 0.7),
        (Dpo(loss="hinge", beta=5.0), 1.0, 0.0),
        (Dpo(loss="hinge"), 0.5, 0.35),
        (WeightedDpoNll(), 0.5, 1.100707),
        (WeightedDpoNll(), 1.0, 2.201413),
        (WeightedDpoNll(beta=0.1), 1.0, 2.554355),
        (SoftLabelDpo(label=0.8), 1.0, 0.614355),
        (SoftLabelDpo(label=0.8), 0.5, 0.614355 / 2),
    ],
    ids=str,
)
def test_worked_numbers(base: Path, tmp_path: Path, objective: Objective, weight: float, loss: float) -> None:
    """D1 through the trainer of each objective: one pair, ten tokens a side, reference -22 and -24."""
    import torch

    rows = pair_rows(base, *[weight] * len(TEXTS))
    trainer = make_trainer(base, objective, rows, tmp_path)
    mask = torch.tensor([[0] + [1] * 10] * 2)
    batch = {
        "input_ids": torch.ones(2, 11, dtype=torch.long),
        "attention_mask": torch.ones(2, 11, dtype=torch.long),
        "completion_mask": mask,
        "ref_chosen_logps": torch.tensor([-22.0], dtype=torch.float64),
        "ref_rejected_logps": torch.tensor([-24.0], dtype=torch.float64),
        "weight": torch.tensor([weight], dtype=torch.float64),
        "soft_label": torch.tensor([0.8], dtype=torch.float64),
    }
    if isinstance(objective, Dpo):
        del batch["soft_label"]
    assert trainer.compute_loss(KnownModel(), batch).item() == pytest.approx(loss, abs=1e-6)
    if not isinstance(objective, Dpo):
        assert trainer._metrics["eval"]["rewards/margins"] == pytest.approx([objective.beta * 3.0])
        assert trainer._metrics["eval"]["rewards/accuracies"] == [1.0]
