"""Trainings for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from configs.schema.objective import Objective, Sft
from configs.schema.train import FullWeights, Optimizer
from infra.engines.models.model_files import ModelFiles
from infra.engines.train.request import TrainRequest


def said(text: str, weight: float = 1.0) -> list[dict[str, Any]]:
    """A completion of one part."""
    return [{"text": text, "weight": weight}]


def make_request(
    model: Path | ModelFiles, objective: Objective | None = None, rows: Path = Path("rows.jsonl"), **optimizer: Any
) -> TrainRequest:
    """Training of all weights; a reference that is needed is the model itself.

    Args:
        model: a folder of whole weights, or files.
        objective: default: SFT.
        optimizer: fields of `Optimizer`; by default a large learning rate and batches of two.
    """
    objective = objective or Sft()
    files = ModelFiles("base", model) if isinstance(model, Path) else model
    return TrainRequest(
        model=files,
        tune=FullWeights(),
        optimizer=Optimizer(**{"learning_rate": 1e-2, "batch_size": 2, **optimizer}),
        rows=rows,
        seed=0,
        objective=objective,
        reference=files if objective.needs_reference else None,
        further_references=dict.fromkeys(objective.further_references, files),
    )
