"""The workbench of one run: the recipe, the ledger, and the generator that stays open while its model stays.

`flows/run/experiment.py` opens one, and hands it to every stage as its first argument. Nothing of it is global: two
experiments can run in one process, each at a bench of its own.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from configs.schema.engine import EndpointEngine, Engine, RewardEngine
from configs.schema.recipe import Recipe
from infra.engines.endpoint.pool import EndpointPool
from infra.engines.models.model_files import ModelFiles
from infra.engines.pool import GeneratorPool
from tasks.core.answers import Answers
from tasks.core.ledger import Ledger
from tasks.core.local_model import fetch_model
from tasks.core.progress import Progress, Silent
from tasks.core.refs import ModelRef, StepRef
from tasks.core.scratch import Scratch
from tasks.core.step import StepSpec, Summary


@dataclass
class Workbench:
    """Tools of one run; closed at the end of a `with` block, however that comes.

    Attributes:
        base_dir: relative paths of the recipe start here.
        is_planning: stages are walked as plain functions, not as Prefect tasks.
    """

    recipe: Recipe
    ledger: Ledger
    base_dir: Path
    progress: Progress = field(default_factory=Silent)
    is_planning: bool = False
    _pool: GeneratorPool | None = None
    _pool_key: tuple[str, str] | None = None
    _kept: dict[tuple[str, str], GeneratorPool] = field(default_factory=dict)
    _endpoints: dict[str, EndpointPool] = field(default_factory=dict)
    _loads: Counter[str] = field(default_factory=Counter)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def step(self, spec: StepSpec, produce: Callable[[Scratch], Summary], answers: Sequence[str] = ()) -> StepRef:
        """Find the step, or compute and publish it.

        Args:
            produce: fills `scratch.out` and returns the summary.
            answers: folders in which answers lie that the step would find; for a plan, which counts them.
        """
        label = f"round {spec.round} {spec.stage}"
        if found := self.ledger.find(spec):
            self.progress.line(f"{label}: reused")
            return found
        with self.ledger.scratch(spec) as folder, self.progress.stage(label) as bar:
            answers_of_stage = Answers(self.ledger, spec.answers, self.recipe.generate.shard_size, bar)
            scratch = Scratch(folder / "out", folder / "work", bar, answers_of_stage)
            for path in (scratch.out, scratch.work):
                path.mkdir(exist_ok=True)
            started = time.monotonic()
            summary = produce(scratch)
            return self.ledger.publish(spec, scratch.out, summary, time.monotonic() - started)

    def generator(
        self, model: ModelRef, engine: Engine | RewardEngine | None = None, stays_open: bool = False
    ) -> GeneratorPool:
        """An open generator for a model. Asking for another model closes the one that is open.

        Args:
            engine: default: the recipe's.
            stays_open: it is kept to the end of the run, beside all others.
        """
        engine = engine or self.recipe.engine
        key = (model.digest, engine.model_dump_json())
        if stays_open:
            self._kept[key] = self._kept.get(key) or self._new_pool(model, engine)
            return self._kept[key]
        if self._pool is None or self._pool_key != key:
            self.close_generator()
            self._pool, self._pool_key = self._new_pool(model, engine), key
        return self._pool

    def _new_pool(self, model: ModelRef, engine: Engine | RewardEngine) -> GeneratorPool:
        return GeneratorPool(engine, self.model_files(model), self.ledger.work_dir / "engines" / model.digest[:12])

    def close_generator(self) -> None:
        """End the generator's processes, so that its device's memory is free for the trainer."""
        pool, self._pool, self._pool_key = self._pool, None, None
        if pool is not None:
            self._loads["generator"] += pool.num_loads
            pool.close()

    def make_way_for_trainer(self) -> None:
        """End the generator's processes, so that the trainer finds a free device; counts the trainer's load."""
        self.close_generator()
        self._loads["trainer"] += 1

    def endpoint(self, role: str, engine: EndpointEngine) -> EndpointPool:
        """The connection to a role's server, one a role; it takes no device, so it stays open beside a generator."""
        if role not in self._endpoints:
            self._endpoints[role] = EndpointPool(engine)
        return self._endpoints[role]

    def spending(self) -> dict[str, float]:
        """What this run used so far: starts of generators and trainers, and what endpoints were asked and cost."""
        is_open = sum(pool.num_loads for pool in (self._pool, *self._kept.values()) if pool is not None)
        spent: dict[str, float] = {
            "generator_loads": self._loads["generator"] + is_open,
            "trainer_loads": self._loads["trainer"],
        }
        for endpoint in self._endpoints.values():
            usage = endpoint.usage
            for name in ("requests", "retries", "input_tokens", "output_tokens", "cost"):
                if (value := getattr(usage, name)) is not None:
                    spent[f"endpoint_{name}"] = spent.get(f"endpoint_{name}", 0.0) + value
        return spent

    def model_files(self, model: ModelRef) -> ModelFiles:
        """A model as local files, fetched and verified."""
        return fetch_model(self.ledger, model)

    def close(self) -> None:
        """End every process and remove local copies."""
        self.close_generator()
        for pool in self._kept.values():
            pool.close()
        for endpoint in self._endpoints.values():
            endpoint.close()
        self.ledger.clear_cache()
