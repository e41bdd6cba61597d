"""The workbench of one run: the recipe, the ledger, and the models that are open.

`flows/run/experiment.py` opens one, and hands it to every stage as its first argument. Nothing of it is global: two
experiments can run in one process, each at a bench of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from configs.schema.engine import RoleEngine
from configs.schema.recipe import Recipe
from infra.cluster.address import AUTO, ClusterPlace
from infra.cluster.cluster import Cluster
from infra.engines.device_lease import DeviceLease
from infra.engines.errand import Errand, Here, Workplace
from infra.engines.learn.work import LearnerHome, LearnWork, here
from infra.engines.models.model_files import ModelFiles
from infra.engines.pool import Pool
from infra.sandbox.job import OpenPool, pool_here
from tasks.core.answers import Answers
from tasks.core.contents import Contents
from tasks.core.ledger import Ledger
from tasks.core.local_model import CLUSTER_FOLDER, OutsideWeights, StoredModel, fetch_model
from tasks.core.missing import MissingTally, limit_of
from tasks.core.pools import Pools
from tasks.core.progress import Progress, Silent
from tasks.core.refs import ModelRef, StepRef
from tasks.core.scratch import Scratch
from tasks.core.step import StepSpec, Summary


@dataclass
class Workbench:
    """Tools of one run; closed at the end of a `with` block, however that comes.

    Attributes:
        recipe: the experiment's; while a round runs, that of the round's phase.
        base_dir: relative paths of the recipe start here.
        is_planning: stages are walked as plain functions, not as Prefect tasks.
        cluster_address: for engines whose sessions run there.
        cluster: joined when it is needed.
        contents: what the recipe names outside of itself, as digests.
        pools: the models that are open.
    """

    recipe: Recipe
    ledger: Ledger
    base_dir: Path
    progress: Progress = field(default_factory=Silent)
    is_planning: bool = False
    cluster_address: str = AUTO
    cluster: Cluster = field(init=False)
    contents: Contents = field(init=False)
    _whole: Recipe | None = None
    pools: Pools = field(init=False)
    _num_trainings: int = 0

    def __post_init__(self) -> None:
        self._devices = DeviceLease(f"experiment {self.recipe.name}", self.progress.line)
        self.contents = Contents(self.ledger, self.base_dir)
        place = ClusterPlace(self.cluster_address, self.ledger.store, f"{self.recipe.name}/{CLUSTER_FOLDER}")
        self.cluster = Cluster(place, self.progress.line)
        self.pools = Pools(self.ledger.work_dir / "engines", self._devices.take, self.cluster)
        self._outside = OutsideWeights(self.ledger.store, place.folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def whole(self) -> Recipe:
        """The experiment's recipe, with all its phases, in a round too."""
        return self._whole or self.recipe

    @contextmanager
    def in_round(self, round: int) -> Iterator[None]:
        """Let every stage read the recipe of a round's phase."""
        whole = self.whole
        self._whole, self.recipe = whole, whole.in_round(round)
        try:
            yield
        finally:
            self._whole, self.recipe = None, whole

    def step(self, spec: StepSpec, produce: Callable[[Scratch], Summary], answers: Sequence[str] = ()) -> StepRef:
        """Find the step, or compute and publish it.

        Args:
            produce: fills `scratch.out` and returns the summary.
            answers: folders in which answers lie that the step would find; for a plan, which counts them.

        Raises:
            GuardError: too much of what was asked has no answer. Nothing is published; what was answered is kept.
        """
        label = f"round {spec.round} {spec.stage}"
        if found := self.ledger.find(spec):
            self.progress.line(f"{label}: reused")
            return found
        if found := self.ledger.adopt(spec):
            self.progress.line(f"{label}: reused, another experiment of this store has computed it")
            return found
        with self.ledger.scratch(spec) as folder, self.progress.stage(label) as bar:
            missing = MissingTally(limit_of(self.recipe.guards), label)
            answers_of_stage = Answers(
                self.ledger, spec.answers, self.recipe.generate.shard_size, bar, self.contents, missing,
                workers=self.workers,
            )  # fmt: skip
            scratch = Scratch(folder / "out", folder / "work", bar, answers_of_stage)
            for path in (scratch.out, scratch.work):
                path.mkdir(exist_ok=True)
            started = time.monotonic()
            summary = answers_of_stage.usage.added_to(produce(scratch))
            missing.check()
            if missing.num_missing:
                summary = {**summary, **missing.summary(spec.stage)}
                self.progress.line(f"{label}: {missing.words()}")
            return self.ledger.publish(spec, scratch.out, summary, time.monotonic() - started)

    def generator(self, model: ModelRef, engine: RoleEngine | None = None, stays_open: bool = False) -> Pool:
        """An open pool for a model. Asking for another model closes the one that is open.

        Args:
            engine: default: the recipe's.
            stays_open: it is kept to the end of the run, beside all others.
        """
        engine = engine or self.recipe.engine
        return self.pools.open(model.digest, engine, self.source(lambda: model), stays_open=stays_open)

    def make_way_for_trainer(self) -> None:
        """End the generator's processes, so that the trainer finds a free device; counts the trainer's load."""
        self.pools.make_way()
        self._devices.take()
        self._num_trainings += 1

    def training_place(self) -> Workplace:
        """Where a training on rows is done, where the recipe's engine is; way is made as by `make_way_for_trainer`."""
        if self.recipe.engine.hosts == "local":
            self.make_way_for_trainer()
            return Here()
        self.pools.make_way()
        self._num_trainings += 1
        return self.cluster.join().errands

    def learner_home(self, segment: Errand[LearnWork]) -> LearnerHome:
        """Where a segment's learner is: where the recipe's engine is; way is made as by `make_way_for_trainer`."""
        if self.recipe.engine.hosts == "local":
            self.make_way_for_trainer()
            return here(segment)
        self.pools.make_way()
        self._num_trainings += 1
        return self.cluster.join().learner(segment)

    @property
    def workers(self) -> OpenPool:
        """Where rules look at samples: on the nodes, where the recipe's engine is there."""
        return pool_here if self.recipe.engine.hosts == "local" else self.cluster.open_pool

    def spending(self) -> dict[str, float]:
        """What this run used so far: starts of generators and trainers, and what endpoints were asked and cost."""
        return {**self.pools.spending(), "trainer_loads": self._num_trainings}

    def source(self, model: Callable[[], ModelRef]) -> StoredModel:
        """A model for a pool, which asks for it where it loads it."""
        return StoredModel(self.ledger, model, self._outside)

    def model_files(self, model: ModelRef) -> ModelFiles:
        """A model as local files, fetched and verified."""
        return fetch_model(self.ledger, model)

    def close(self) -> None:
        """End every process, give the GPUs back, and remove local copies."""
        self.pools.close()
        self._devices.release()
        self.ledger.clear_cache()
