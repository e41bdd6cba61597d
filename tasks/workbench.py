"""The workbench of one run: the recipe, the ledger, and the generator that stays open while its model stays.

`flows/improve.py` opens one; the task of every stage works at it through `current()`. Prefect parameters carry only
small references, so the workbench is process state, one a process.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from configs.schema.recipe import Recipe
from infra.engines.pool import GeneratorPool
from infra.engines.requests import ModelFiles
from tasks.ledger import Ledger
from tasks.progress import Progress, Silent, StageProgress
from tasks.refs import ModelRef, StepRef
from tasks.step import StepSpec, Summary


@dataclass
class Scratch:
    """What a stage gets to work with: `out` is published when it returns, `work` survives a crash for resuming."""

    out: Path
    work: Path
    progress: StageProgress


@dataclass
class Workbench:
    """Tools of one run.

    Attributes:
        base_dir: relative paths of the recipe start here.
        loads: how often a generator and a trainer were started by this run.
    """

    recipe: Recipe
    ledger: Ledger
    base_dir: Path
    progress: Progress = field(default_factory=Silent)
    loads: Counter[str] = field(default_factory=Counter)
    _pool: GeneratorPool | None = None
    _pool_model: str | None = None

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
            started = time.monotonic()
            summary = produce(scratch)
            return self.ledger.publish(spec, scratch.out, summary, time.monotonic() - started)

    def generator(self, model: ModelRef) -> GeneratorPool:
        """An open generator for a model. Asking for another model closes the one that is open."""
        if self._pool is None or self._pool_model != model.digest:
            self.close_generator()
            self._pool = GeneratorPool(self.recipe.engine, self.model_files(model), self.ledger.work_dir / "engines")
            self._pool_model = model.digest
            self.loads["generator"] += 1
        return self._pool

    def close_generator(self) -> None:
        """End the generator's processes, so that its device's memory is free for the trainer."""
        pool, self._pool, self._pool_model = self._pool, None, None
        if pool is not None:
            pool.close()

    def model_files(self, model: ModelRef) -> ModelFiles:
        """A model as local files, fetched and verified."""
        return ModelFiles(
            name=model.name,
            weights=self._weights(model),
            adapter=self.ledger.fetch_all(model.adapter, "adapter") if model.adapter else None,
            chat_template=model.chat_template,
            trust_remote_code=model.trust_remote_code,
        )

    def _weights(self, model: ModelRef) -> Path:
        if model.weights is not None:
            return self.ledger.fetch_all(model.weights, "model")
        assert model.external is not None, f"{model.name} has neither published nor external weights"
        return Path(model.external)

    def close(self) -> None:
        """End every process and remove local copies."""
        self.close_generator()
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
    _current = workbench
    try:
        yield workbench
    finally:
        _current = None
        workbench.close()
