"""Train: SFT of a start model on examples, in a trainer process.

Called by the tasks of warm start and train, and by `selfloop stage train`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from configs.schema.recipe import WarmStart
from configs.schema.train import Sft, Train
from infra.engines.model_files import ModelFiles
from infra.engines.train_request import TrainRequest
from infra.engines.trainer import run_trainer
from tasks.records import Example
from tasks.scratch import Scratch
from tasks.select.weights import problem_weights
from tasks.step import Summary


def train_model(
    model: ModelFiles, rows: Path, settings: Train | WarmStart, objective: Sft, seed: int, scratch: Scratch
) -> Summary:
    """Train and write `adapter/` or `model/` and `metrics.jsonl` into `scratch.out`; returns the step's summary.

    Checkpoints lie in `scratch.work`: the same call after a kill resumes from the newest.

    Args:
        rows: JSONL made by `write_rows`.

    Raises:
        EngineError: the trainer died, or its loss left the numbers; the message names the log.
    """

    def show(entry: dict[str, Any]) -> None:
        scratch.progress.update(entry["step"], entry["num_steps"], f"loss {entry['loss']:.3f}")

    request = TrainRequest(
        model=model, tune=settings.tune, optimizer=settings, objective=objective, rows=rows, seed=seed
    )  # fmt: skip
    report = run_trainer(request, work_dir=scratch.work, out_dir=scratch.out, on_progress=show)
    return {
        "num_examples": report.num_examples,
        "num_too_long": report.num_too_long,
        "num_train_tokens": report.num_tokens,
        "num_steps": report.num_steps,
        "train_loss": report.mean_loss,
        "first_loss": report.first_loss,
        "last_loss": report.last_loss,
    }


def write_rows(path: Path, examples: Iterable[Example], weights: dict[str, float] | None = None) -> None:
    """Examples as the trainer's JSONL.

    Args:
        weights: weight of an example by problem id; default: each example's own.
    """
    with path.open("w", encoding="utf-8") as rows:
        for example in examples:
            row = {
                "messages": [{"role": message.role, "content": message.content} for message in example.messages],
                "completion": example.completion,
                "weight": example.weight if weights is None else weights[example.problem_id],
            }
            rows.write(json.dumps(row) + "\n")


def weigh(examples: Sequence[Example], objective: Sft) -> dict[str, float] | None:
    """Weights by problem where the objective asks for them."""
    if not objective.weight_by_problem:
        return None
    return problem_weights(Counter(example.problem_id for example in examples))
