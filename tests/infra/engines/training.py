"""Trainings for tests."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from configs.schema.objective import Objective, Sft
from configs.schema.train import FullWeights, Optimizer
from infra.engines.models.model_files import ModelFiles
from infra.engines.train.request import TrainRequest

if TYPE_CHECKING:
    from infra.engines.train.objectives.objective import RowKind
    from infra.engines.train.rows import Encoder


def said(text: str, weight: float = 1.0) -> list[dict[str, Any]]:
    """A completion of one part."""
    return [{"text": text, "weight": weight}]


def encode_rows(kind: RowKind, rows: Iterable[dict[str, Any]], encoder: Encoder) -> tuple[list[dict[str, Any]], int]:
    """Token rows of one kind as a list, without token weights that say nothing, and the number that is too long."""
    from infra.engines.train.objectives.objective import WEIGHTS

    found = [kind.encode(row, encoder) for row in rows]
    kept = [row for row in found if row is not None]
    columns = {name for row in kept for name in row if name.endswith(WEIGHTS)}
    if all(weight == 1 for row in kept for name in columns for weight in row[name]):
        kept = [{name: value for name, value in row.items() if name not in columns} for row in kept]
    return kept, len(found) - len(kept)


def prepare_rows(objective: Any, rows: list[dict[str, Any]], request: TrainRequest) -> list[dict[str, Any]]:
    """Token rows as they are trained on, as a list."""
    prepared = [objective.prepare(row, request) for row in rows]
    return prepared if objective.lay_out is None else list(objective.lay_out(prepared, request))


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
