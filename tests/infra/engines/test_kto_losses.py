"""What a step of KTO computes, against numbers from a plain forward pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from configs.schema.objective import Kto
from tests.infra.engines.preferences import REFERENCES, TEXTS, loss_of, make_trainer, pair_rows

pytestmark = pytest.mark.slow


def labelled_rows(base: Path, *weights: float) -> list[dict[str, Any]]:
    """Desirable and undesirable rows in turn, with the prompts' completions and made-up references."""
    rows = []
    for number, (pair, weight) in enumerate(zip(pair_rows(base), weights or [1.0] * len(TEXTS), strict=True)):
        desirable = number % 2 == 0
        rows.append(
            {
                "prompt_ids": pair["prompt_ids"],
                "completion_ids": pair["chosen_ids" if desirable else "rejected_ids"],
                "KL_completion_ids": pair["rejected_ids"],
                "label": desirable,
                "weight": weight,
                "ref_logps": REFERENCES[number][0],
                "ref_KL_logps": REFERENCES[number][1],
            }
        )
    return rows


def kto_by_hand(trainer: Any, rows: list[dict[str, Any]], objective: Kto) -> float:
    """mean of weight * lambda * (1 - sigma(beta s)) with KL clamped at 0, from a plain forward pass."""
    import torch

    def logprob(row: dict[str, Any], completion: str) -> torch.Tensor:
        tokens = torch.tensor([row["prompt_ids"] + row[completion]])
        logits = trainer.model(input_ids=tokens).logits[0, :-1].log_softmax(-1)
        return logits.gather(1, tokens[0, 1:, None])[len(row["prompt_ids"]) - 1 :].sum()

    with torch.no_grad():
        kl = torch.stack([logprob(row, "KL_completion_ids") - row["ref_KL_logps"] for row in rows]).mean().clamp(min=0)
        losses = []
        for row in rows:
            gain = logprob(row, "completion_ids") - row["ref_logps"]
            signed = gain - kl if row["label"] else kl - gain
            factor = objective.desirable_weight if row["label"] else objective.undesirable_weight
            losses.append(row["weight"] * factor * (1 - torch.sigmoid(objective.beta * signed)))
        return torch.stack(losses).mean().item()


@pytest.mark.parametrize("weights", [(1.0, 1.0, 1.0, 1.0), (2.0, 0.5, 1.0, 3.0)])
def test_kto_by_hand(base: Path, tmp_path: Path, weights: tuple[float, ...]) -> None:
    objective = Kto(beta=0.2, desirable_weight=1.5, undesirable_weight=0.5)
    rows = labelled_rows(base, *weights)
    trainer = make_trainer(base, objective, rows, tmp_path)
    assert trainer.args.train_sampling_strategy == "sequential"
    assert loss_of(trainer, rows) == pytest.approx(kto_by_hand(trainer, rows, objective), rel=1e-5)


def test_kto_with_one_kind_of_rows_has_a_loss_too(base: Path, tmp_path: Path) -> None:
    rows = [row for row in labelled_rows(base, 2.0, 1.0, 0.5, 1.0) if row["label"]]
    trainer = make_trainer(base, Kto(), rows, tmp_path)
    assert loss_of(trainer, rows) == pytest.approx(kto_by_hand(trainer, rows, Kto()), rel=1e-5)
