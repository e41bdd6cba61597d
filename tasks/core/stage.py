"""A stage as a value: what it is called, what makes a step of it new, what it reads and gives, whether a round has it.

    JUDGE = Stage(
        "judge",
        version=1,
        config=lambda recipe, _: {"judge": recipe.judge},     what of the recipe enters its keys
        reads=(SAMPLES, TRAIN_SET),
        gives=(VERDICTS, JUDGEMENTS),
    )

The order of stages stands in `flows/round.py`, the files in `tasks/core/files.py`. Of a section of the recipe enters
what its fields say of themselves (`configs/schema/marks.py`). Pure; used by the tasks and by `plan`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from configs.errors import StoreError
from configs.schema.marks import Resolve, identity
from configs.schema.recipe import Recipe
from configs.schema.role import POLICY
from tasks.core.files import Shards, Table
from tasks.core.models import stage_of
from tasks.core.refs import ModelRef, StepRef
from tasks.core.step import StepSpec, Summary, derive_seed
from tasks.core.tables import version_of

Loads = Literal["generator", "judges", "trainer"]


class Numbers(BaseModel):
    """What later stages and the flow read of a step's summary. The rest of it is for tables and metrics."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    @classmethod
    def of(cls, step: StepRef) -> Self:
        """The numbers of a published step.

        Raises:
            StoreError: one of them is missing.
        """
        try:
            return cls.model_validate(step.summary)
        except ValidationError as error:
            name, what = error.errors()[0]["loc"][0], error.errors()[0]["msg"]
            raise StoreError(
                f"{step.prefix} does not say {name}: {what}", f"remove {step.prefix}/record.json and run again"
            ) from None

    @classmethod
    def expected(cls, recipe: Recipe) -> Summary | None:
        """What a plan goes on with where the step is not computed yet; None: it can't go on."""
        return {}


@dataclass(frozen=True)
class Without:
    """A section of the recipe less some fields, which enter in another place or are not read."""

    section: BaseModel | None
    fields: tuple[str, ...]


def without(section: BaseModel | None, *fields: str) -> Without:
    """A section less some fields."""
    return Without(section, fields)


@dataclass(frozen=True)
class Stage:
    """One stage.

    Attributes:
        version: raised when a change to the code changes what it computes.
        config: (recipe, round) -> what of the recipe enters the keys, by name.
        reads, gives: files; the versions of the records given enter the keys.
        parts: versions of the components that a recipe uses in this stage, by name.
        when: (recipe, round) -> whether the round has it.
        is_random: whether the recipe makes it draw; without a seed its key has none.
        seed_path: (round, name) -> where its seed is derived from, beside the recipe's.
        loads: what it loads, for the estimate of costs.
        numbers: what is read of its summary.
    """

    name: str
    version: int
    config: Callable[[Recipe, int], Mapping[str, Any]] = lambda recipe, round: {}
    reads: tuple[Table[Any] | Shards[Any], ...] = ()
    gives: tuple[Table[Any] | Shards[Any], ...] = ()
    parts: Callable[[Recipe], Mapping[str, int | str]] = lambda recipe: {}
    when: Callable[[Recipe, int], bool] = lambda recipe, round: True
    is_random: Callable[[Recipe], bool] = lambda recipe: True
    seed_path: Callable[[int, str], tuple[int | str, ...]] = lambda round, name: (round, name)
    loads: Loads | None = None
    numbers: type[Numbers] = Numbers

    def of(self, learner: str) -> str:
        """The stage's name for one model: `train` for the policy, `train_critic` for the role critic."""
        return stage_of(self.name, learner)

    def spec(
        self, recipe: Recipe, resolve: Resolve, round: int, inputs: Mapping[str, Any], learner: str = POLICY,
        **told: Any,
    ) -> StepSpec:  # fmt: skip
        """What defines a step of this stage.

        Args:
            recipe: as the model learns by it whose stage it is (`Recipe.for_learner`).
            resolve: what a name outside of the recipe stands for: `bench.contents`.
            inputs: by name a step, a model, several of them, a digest, or None.
            told: what the config holds besides the recipe, such as the models that judge.
        """
        config = {**self.config(recipe, round), **told}
        records = {f"record.{file.record.__name__}": version_of(file.record) for file in self.gives}
        return StepSpec(
            recipe.name,
            self.of(learner),
            round,
            {name: _config(value, resolve) for name, value in config.items()},
            {name: _named(value) for name, value in inputs.items()},
            derive_seed(recipe.seed, *self.seed_path(round, self.of(learner))) if self.is_random(recipe) else None,
            {self.name: self.version, **records, **self.parts(recipe)},
            self.numbers.expected(recipe),
        )


def _config(value: Any, resolve: Resolve) -> Any:
    if isinstance(value, Without):
        return None if value.section is None else identity(value.section, resolve, *value.fields)
    return identity(value, resolve)


def _named(value: Any) -> Any:
    """How a key names an input: steps by key, models by digest."""
    if isinstance(value, StepRef):
        return value.key
    if isinstance(value, ModelRef):
        return value.digest
    if isinstance(value, Mapping):
        return {name: _named(item) for name, item in value.items()}
    return [_named(item) for item in value] if isinstance(value, (tuple, list)) else value
