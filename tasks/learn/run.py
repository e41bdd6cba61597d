"""Train: a start model on rows, in a trainer process of this machine or another.

Called by the tasks of warm start and train, and by `selfloop stage train`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from configs.schema.objective import Objective
from configs.schema.train import Train, WarmStart
from infra.engines.errand import Errand, FolderSource, Workplace
from infra.engines.models.loadable import ModelSource
from infra.engines.train.request import TrainReport
from infra.engines.train.work import FURTHER, MODEL, REFERENCE, RESUME_STATE, ROWS, TrainWork
from tasks.core.scratch import Scratch
from tasks.core.step import Summary


@dataclass(frozen=True)
class Schedule:
    """Optimizer steps of a phase.

    Attributes:
        num_steps: of this phase; None: what epochs and rows give.
        first_step, total_steps: place in one learning-rate schedule planned for all rounds; None: its own schedule.
        resume_state: folder with optimizer and schedule of the round before, where they are carried on.
    """

    num_steps: int | None = None
    first_step: int = 0
    total_steps: int | None = None
    resume_state: FolderSource | None = None


@dataclass(frozen=True)
class Phase:
    """One training phase: what is trained, against which references, by which objective.

    Attributes:
        name: by which an earlier try is found, whoever made it.
    """

    name: str
    model: ModelSource
    model_name: str
    settings: Train | WarmStart
    objective: Objective
    seed: int
    reference: ModelSource | None = None
    reference_digest: str = ""
    further_references: Mapping[str, ModelSource] = field(default_factory=dict)
    further_digests: Mapping[str, str] = field(default_factory=dict)
    schedule: Schedule = Schedule()


def train_model(phase: Phase, rows: Path, scratch: Scratch, workplace: Workplace) -> Summary:
    """Train and write `adapter/` or `model/` and `metrics.jsonl` into `scratch.out`; returns the step's summary.

    Checkpoints lie in `scratch.work`, or where the workplace keeps them: the same call after a kill goes on.

    Args:
        rows: JSONL made by `write_rows`.
        workplace: where it is done.

    Raises:
        EngineError: the trainer died, or its loss left the numbers; the message names the log.
    """

    def show(entry: dict[str, Any]) -> None:
        scratch.progress.update(entry["step"], entry["num_steps"], f"loss {entry['loss']:.3f}")

    first_step = phase.schedule.first_step
    report = TrainReport(**workplace.run(_errand(phase, rows), scratch.work, scratch.out, show))
    return {
        "num_examples": report.num_examples,
        "num_too_long": report.num_too_long,
        "num_train_tokens": report.num_tokens,
        "num_steps": report.num_steps,
        "end_step": first_step + report.num_steps,
        "train_loss": report.mean_loss,
        "first_loss": report.first_loss,
        "last_loss": report.last_loss,
    }


def _errand(phase: Phase, rows: Path) -> Errand[TrainWork]:
    settings, schedule = phase.settings, phase.schedule
    work = TrainWork(
        model_name=phase.model_name, tune=settings.tune,
        optimizer=settings.model_copy(update={"max_steps": schedule.num_steps or settings.max_steps}),
        objective=phase.objective, seed=phase.seed, reference_digest=phase.reference_digest,
        further_digests=dict(phase.further_digests), total_steps=schedule.total_steps, first_step=schedule.first_step,
    )  # fmt: skip
    models = {MODEL: phase.model} | {FURTHER + name: model for name, model in phase.further_references.items()}
    if phase.reference is not None:
        models[REFERENCE] = phase.reference
    folders = {RESUME_STATE: schedule.resume_state} if schedule.resume_state is not None else {}
    return Errand(phase.name, work, models, folders, {ROWS: rows})
