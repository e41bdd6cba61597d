"""A training as work that can be done on any machine: `TrainRequest`, without its paths."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

from configs.schema.objective import Objective
from configs.schema.train import Optimizer, Tune
from infra.engines.errand import Luggage, OnProgress, Part, Saved, Wanted
from infra.engines.train.attempts import attempts
from infra.engines.train.devices import fewer_devices, renumbered, wanted_devices
from infra.engines.train.request import TrainRequest
from infra.engines.train.saved import newest_saved
from infra.engines.train.trainer import run_part, run_trainer

MODEL, REFERENCE, FURTHER = "model", "reference", "further."
"""names of an errand's models; the further references have their own behind the last"""
RESUME_STATE, ROWS = "resume_state", "rows"
"""names of a folder and of a file"""


@dataclass(frozen=True)
class TrainWork:
    """For the fields see `TrainRequest`. A `Work`.

    Attributes:
        model_name: of the model that is trained, for messages.
        part: of it, where several machines do it together: `optimizer` has the devices of this one.
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
    part: Part | None = None

    @property
    def what(self) -> str:
        return f"training of {self.model_name}"

    def wanted(self, most: int) -> Wanted:
        is_one, is_whole = self.objective.sorts_batch, self.tune.can_be_shared
        return wanted_devices(self.optimizer, most, is_one=is_one, is_whole=is_whole)

    def elsewhere(self, part: Part | None = None) -> Self:
        return replace(self, optimizer=renumbered(self.optimizer, part.count if part else 1), part=part)

    def tries(self) -> list[Self]:
        found = attempts(self, len(self.optimizer.devices))
        return [replace(self, optimizer=self.optimizer.model_copy(update=asdict(one))) for one in found]

    def on_fewer_devices(self) -> Iterator[Self]:
        if not self.tune.can_be_shared:  # its weights may need the memory of all
            for optimizer in fewer_devices(self.optimizer):
                yield replace(self, optimizer=optimizer)

    def do(self, luggage: Luggage, work_dir: Path, out_dir: Path, on_progress: OnProgress | None) -> dict[str, Any]:
        request, places = self.request(luggage), {"work_dir": work_dir, "out_dir": out_dir}
        if self.part is None:
            return run_trainer(request, **places, on_progress=on_progress).model_dump()
        report = run_part(request, self.part, **places, on_progress=on_progress)
        return report.model_dump() if report is not None else {}

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
