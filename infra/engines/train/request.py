"""What a training process is asked for, and what it reports.

Made by `trainer.py` on the control side, read by `train_program.py` in the engine program.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from configs.schema.objective import Objective, Sft
from configs.schema.train import Optimizer, Tune
from infra.engines.models.model_files import ModelFiles


class PhaseRequest(BaseModel):
    """What every training phase is asked for, on given rows or on rows that are drawn as it goes.

    Attributes:
        model: where training starts; with an adapter, that adapter is continued.
        optimizer: only the fields of `Optimizer` are read.
        seed: order of the rows, and the random weights of a fresh adapter.
        reference: a frozen model that the trained one is compared with.
        reference_digest: what the reference computes; the caller's digest of it.
        further_references: the objective's further frozen models, by name, and `further_digests` what they compute.
        resume_state: folder `optimizer/` of the round before, whose optimizer and schedule go on.
        total_steps: steps of the one learning-rate schedule that spans several phases; this phase runs
            `optimizer.max_steps` of them and leaves `optimizer/`. None: the phase has a schedule of its own.
        first_step: step of that schedule at which this phase begins.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: ModelFiles
    tune: Tune
    optimizer: Optimizer
    seed: int
    reference: ModelFiles | None = None
    reference_digest: str = ""
    further_references: dict[str, ModelFiles] = {}
    further_digests: dict[str, str] = {}
    resume_state: Path | None = None
    total_steps: int | None = Field(None, ge=1)
    first_step: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _schedule_is_consistent(self) -> Self:
        if (self.resume_state is None) != (self.first_step == 0):
            raise ValueError("resume_state and a first_step above 0 come together")
        if self.total_steps is None:
            if self.first_step:
                raise ValueError("first_step counts in a schedule of total_steps")
        elif self.optimizer.max_steps is None or self.first_step + self.optimizer.max_steps > self.total_steps:
            raise ValueError("the phase's max_steps must lie inside total_steps")
        return self

    @property
    def files_read(self) -> list[Path]:
        """Files whose content decides the weights, beside those of the models."""
        return sorted(self.resume_state.iterdir() if self.resume_state else [])

    def fingerprint(self) -> str:
        """Digest of what decides the weights; paths do not. A checkpoint is resumed only under the same digest."""
        paths = {"weights", "adapter", "probe"}
        further = dict.fromkeys(self.further_references, paths)
        hidden: dict[str, Any] = {
            "rows": True, "resume_state": True, "model": paths,
            "optimizer": {"devices", "micro_batch_size", "batching", "gradient_checkpointing"},
            "reference": paths, "further_references": further,
        }  # fmt: skip
        digest = hashlib.sha256(self.model_dump_json(exclude=hidden).encode())
        for file in self.files_read:
            with file.open("rb") as content:
                digest.update(hashlib.file_digest(content, "sha256").digest())
        return digest.hexdigest()


class TrainRequest(PhaseRequest):
    """One training phase on given rows.

    Attributes:
        rows: JSONL, one row a line, as the objective eats them; messages are [{role, content}, ...], and what the
            model wrote is a list of parts, [{text, weight}, ...] (`rows.py`):
            examples: messages, completion, ends, weight;
            labelled: messages, completion, ends, is_desirable, weight;
            trajectories: messages, completion, ends, advantages (one a part of weight above 0, or none), weight;
            pairs: messages, chosen, rejected, chosen_ends, rejected_ends, weight, soft_label (in (0.5, 1], or null),
            p_chosen, p_rejected and p_over (in [0, 1], or null).
    """

    rows: Path
    objective: Objective = Sft()

    @model_validator(mode="after")
    def _has_its_reference(self) -> Self:
        if self.objective.needs_reference and self.reference is None:
            raise ValueError(f"the objective {self.objective.kind} needs a reference")
        if set(self.objective.further_references) != set(self.further_references):
            wanted = ", ".join(self.objective.further_references) or "no further reference"
            raise ValueError(f"the objective {self.objective.kind} needs {wanted}")
        return self

    @property
    def files_read(self) -> list[Path]:
        return [self.rows, *super().files_read]


class TrainReport(BaseModel):
    """What a training phase did.

    Attributes:
        num_examples: rows trained on: examples, pairs or labelled examples.
        num_too_long: rows dropped because they exceed `max_length` or the model's context; a pair as a whole.
        num_tokens: completion tokens trained on, over all steps, of both sides of a pair; a row counts once for
            each epoch.
        first_loss, last_loss, mean_loss: the objective's loss in the first, in the last and over all steps.
        seconds: wall time of loading, training and writing; imports are not counted.
        resumed_from_step: 0 for a straight run.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    num_examples: int
    num_too_long: int
    num_tokens: int
    num_steps: int
    first_loss: float
    last_loss: float
    mean_loss: float
    seconds: float
    resumed_from_step: int
