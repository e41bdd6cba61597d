"""Trainings for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from configs.schema.train import FullWeights, Optimizer
from infra.engines.models.model_files import ModelFiles
from infra.engines.train.request import TrainRequest


def said(text: str, weight: float = 1.0) -> list[dict[str, Any]]:
    """A completion of one part."""
    return [{"text": text, "weight": weight}]


def make_request(base: Path, **optimizer: Any) -> TrainRequest:
    settings = {"learning_rate": 1e-2, "batch_size": 2, **optimizer}
    return TrainRequest(
        model=ModelFiles("base", base),
        tune=FullWeights(),
        optimizer=Optimizer(**settings),
        rows=Path("rows.jsonl"),
        seed=0,
    )
