"""Train: a start model on rows, in a trainer process.

Called by the tasks of warm start and train, and by `selfloop stage train`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from configs.schema.objective import Objective
from configs.schema.train import Train, WarmStart
from infra.engines.models.model_files import ModelFiles
from infra.engines.train.request import TrainRequest
from infra.engines.train.trainer import run_trainer
from tasks.core.scratch import Scratch
from tasks.core.step import Summary


@dataclass(frozen=True)
class Schedule:
    """Optimizer steps of a phase.

    Attributes:
        num_steps: of this phase; None: what epochs and rows give.
        first_step, total_steps: place in one learning-rate schedule planned for all rounds; None: its own schedule.
        resume_state: optimizer and schedule of the round before, where they are carried on.
    """

    num_steps: int | None = None
    first_step: int = 0
    total_steps: int | None = None
    resume_state: Path | None = None


@dataclass(frozen=True)
class Phase:
    """One training phase: what is trained, against which references, by which objective."""

    model: ModelFiles
    settings: Train | WarmStart
    objective: Objective
    seed: int
    reference: ModelFiles | None = None
    reference_digest: str = ""
    further_references: Mapping[str, ModelFiles] = field(default_factory=dict)
    further_digests: Mapping[str, str] = field(default_factory=dict)
    schedule: Schedule = Schedule()


def train_model(phase: Phase, rows: Path, scratch: Scratch) -> Summary:
    """Train and write `adapter/` or `model/` and `metrics.jsonl` into `scratch.out`; returns the step's summary.

    Checkpoints lie in `scratch.work`: the same call after a kill resumes from the newest.

    Args:
        rows: JSONL made by `write_rows`.

    Raises:
        EngineError: the trainer died, or its loss left the numbers; the message names the log.
    """

    def show(entry: dict[str, Any]) -> None:
        scratch.progress.update(entry["step"], entry["num_steps"], f"loss {entry['loss']:.3f}")

    settings, schedule = phase.settings, phase.schedule
    optimizer = settings.model_copy(update={"max_steps": schedule.num_steps or settings.max_steps})
    request = TrainRequest(
        model=phase.model, tune=settings.tune, optimizer=optimizer, objective=phase.objective, rows=rows,
        seed=phase.seed, reference=phase.reference, reference_digest=phase.reference_digest,
        further_references=dict(phase.further_references), further_digests=dict(phase.further_digests),
        resume_state=schedule.resume_state, total_steps=schedule.total_steps, first_step=schedule.first_step,
    )  # fmt: skip
    report = run_trainer(request, work_dir=scratch.work, out_dir=scratch.out, on_progress=show)
    return {
        "num_examples": report.num_examples,
        "num_too_long": report.num_too_long,
        "num_train_tokens": report.num_tokens,
        "num_steps": report.num_steps,
        "end_step": schedule.first_step + report.num_steps,
        "train_loss": report.mean_loss,
        "first_loss": report.first_loss,
        "last_loss": report.last_loss,
    }
