"""The workbench of one run: the recipe, the ledger, and the models that are open.

`flows/improve.py` opens one; the task of every stage works at it through `current()`. Prefect parameters carry only
small references, so the workbench is process state, one a process.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from configs.schema.engine import RoleEngine
from configs.schema.recipe import Recipe
from infra.engines.models.model_files import ModelFiles
from infra.engines.pool import Pool
from tasks.core.ledger import Ledger
from tasks.core.local_model import fetch_model
from tasks.core.pools import Pools, describe_set_aside
from tasks.core.progress import Progress, Silent
from tasks.core.refs import ModelRef, StepRef
from tasks.core.scratch import Scratch
from tasks.core.step import StepSpec, Summary


@dataclass
class Workbench:
    """Tools of one run.

    Attributes:
        base_dir: relative paths of the recipe start here.
        is_planning: stages are walked as plain functions, not as Prefect tasks.
    """

    recipe: Recipe
    ledger: Ledger
    base_dir: Path
    progress: Progress = field(default_factory=Silent)
    is_planning: bool = False
    pools: Pools = field(init=False)
    _num_trainings: int = 0

    def __post_init__(self) -> None:
        self.pools = Pools(self.ledger.work_dir / "engines")

    def step(self, spec: StepSpec, produce: Callable[[Scratch], Summary]) -> StepRef:
        """Find the step, or compute and publish it.

        Args:
            produce: fills `scratch.out` and returns the summary.
        """
        label = f"round {spec.round} {spec.stage}"
        if found := self.ledger.find(spec):
            self.progress.line(f"{label}: reused")
            return found
        with self.ledger.scratch(spec) as folder, self.progress.stage(label) as bar:
            scratch = Scratch(folder / "out", folder / "work", bar)
            for path in (scratch.out, scratch.work):
                path.mkdir(exist_ok=True)
            started, num_known = time.monotonic(), len(self.pools.set_aside())
            summary = produce(scratch)
            if unanswered := self.pools.set_aside()[num_known:]:
                summary = {**summary, "num_set_aside": len(unanswered)}
                self.progress.line(f"{label}: {describe_set_aside(unanswered)}")
            return self.ledger.publish(spec, scratch.out, summary, time.monotonic() - started)

    def generator(self, model: ModelRef, engine: RoleEngine | None = None, stays_open: bool = False) -> Pool:
        """An open pool for a model. Asking for another model closes the one that is open.

        Args:
            engine: default: the recipe's.
            stays_open: it is kept to the end of the run, beside all others.
        """
        engine = engine or self.recipe.engine
        return self.pools.open(model.digest, engine, lambda: self.model_files(model), stays_open=stays_open)

    def make_way_for_trainer(self) -> None:
        """End the generator's processes, so that the trainer finds a free device; counts the trainer's load."""
        self.pools.make_way()
        self._num_trainings += 1

    def spending(self) -> dict[str, float]:
        """What this run used so far: starts of generators and trainers, and what endpoints were asked and cost."""
        return {**self.pools.spending(), "trainer_loads": self._num_trainings}

    def model_files(self, model: ModelRef) -> ModelFiles:
        """A model as local files, fetched and verified."""
        return fetch_model(self.ledger, model)

    def close(self) -> None:
        """End every process and remove local copies."""
        self.pools.close()
        self.ledger.clear_cache()


_current: Workbench | None = None


def current() -> Workbench:
    """The workbench of the running flow."""
    if _current is None:
        raise RuntimeError("a stage task ran outside of a flow that opened a workbench")
    return _current


@contextmanager
def at(workbench: Workbench) -> Iterator[Workbench]:
    """Make a workbench the current one, and close it at the end however that comes."""
    global _current
    before, _current = _current, workbench
    try:
        yield workbench
    finally:
        _current = before
        workbench.close()
