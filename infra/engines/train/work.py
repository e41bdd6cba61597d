"""A training as work that can be done on any machine: `TrainRequest`, without its paths."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from configs.schema.objective import Objective
from configs.schema.train import Optimizer, Tune
from infra.engines.errand import Luggage, OnProgress, Saved
from infra.engines.train.devices import num_gpus_of, renumbered
from infra.engines.train.request import TrainRequest
from infra.engines.train.saved import newest_saved
from infra.engines.train.trainer import run_trainer

MODEL, REFERENCE, FURTHER = "model", "reference", "further."
"""names of an errand's models; the further references have their own behind the last"""
RESUME_STATE, ROWS = "resume_state", "rows"
"""names of a folder and of a file"""


@dataclass(frozen=True)
class TrainWork:
    """For the fields see `TrainRequest`. A `Work`.

    Attributes:
        model_name: of the model that is trained, for messages.
    """

    model_name: str
    tune: Tune
    optimizer: Optimizer
    objective: Objective
    seed: int
    reference_digest: str
    further_digests: dict[str, str]
    total_steps: int | None
    first_step: int

    @property
    def what(self) -> str:
        return f"training of {self.model_name}"

    def num_gpus(self, most: int) -> int:
        return num_gpus_of(self.optimizer, most, is_one=self.objective.sorts_batch)

    def elsewhere(self) -> Self:
        return replace(self, optimizer=renumbered(self.optimizer))

    def do(self, luggage: Luggage, work_dir: Path, out_dir: Path, on_progress: OnProgress | None) -> dict[str, Any]:
        request = self.request(luggage)
        return run_trainer(request, work_dir=work_dir, out_dir=out_dir, on_progress=on_progress).model_dump()

    def saved(self, work_dir: Path) -> Saved | None:
        return newest_saved(work_dir)

    def request(self, luggage: Luggage) -> TrainRequest:
        """What the trainer is asked for on the machine that has the luggage."""
        further = {
            name.removeprefix(FURTHER): model for name, model in luggage.models.items() if name.startswith(FURTHER)
        }
        return TrainRequest(
            model=luggage.models[MODEL], tune=self.tune, optimizer=self.optimizer, objective=self.objective,
            rows=luggage.files[ROWS], seed=self.seed, reference=luggage.models.get(REFERENCE),
            reference_digest=self.reference_digest, further_references=further, further_digests=self.further_digests,
            resume_state=luggage.folders.get(RESUME_STATE), total_steps=self.total_steps, first_step=self.first_step,
        )  # fmt: skip
