"""A study: several methods on the same model, problems and budget, each with several seeds.

    name: sums
    common: {model: ..., problems: ..., warm_start: ..., verifier: ..., decide: {gate: {kind: always}}}
    budget: {generated_tokens: 400_000}
    baseline: rest_em
    methods:
      rest_em: {recipe: rest_em}
      hot: {recipe: rest_em, set: {generate.temperature: 1.2}}

What becomes of a method is said in `study_runs.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationError, model_validator

from configs.errors import RecipeError
from configs.schema.base import Component
from configs.schema.load import explain_mistakes, read_yaml

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_]{0,23}$")]
Control = Literal["by_chance", "training_only"]
CONTROLS: tuple[Control, ...] = ("by_chance", "training_only")


class Method(Component):
    """One row of the table."""

    recipe: str = Field(description="a recipe of configs/recipes by its name, or a file, from the study's folder")
    set: dict[str, Any] = Field(
        {}, description="values by address, such as generate.temperature: 1.2; null takes a whole section away"
    )
    rounds: int | None = Field(None, ge=0, description="at most; 0: the model that everything begins with is scored")
    tasks: tuple[str, ...] = Field((), description="names of tasks that it runs on; default: all")
    control: Control | None = Field(
        None,
        description="what is left of the method: by_chance: all but what its verdicts know; training_only: its warm "
        "start, gone on with. A study that has none of a kind is given one of the baseline",
    )


class Budget(Component):
    """What a run may take, warm start and calibration counted; evaluation is not. A run does no round that it could not
    end within it, judged by the dearest round before."""

    generated_tokens: int | None = Field(None, ge=1, description="tokens that models write, judges included")
    training_tokens: int | None = Field(None, ge=1, description="tokens trained on, over all steps")
    flops_per_parameter: float | None = Field(
        None, gt=0, description="2 for a token written or read by a judge, 6 for a token trained on"
    )

    @model_validator(mode="after")
    def _is_one(self) -> Budget:
        if len(self.model_fields_set) != 1:
            raise ValueError("write one of generated_tokens, training_tokens, flops_per_parameter")
        return self


class Study(Component):
    """The file of a study."""

    name: Name = Field(description="begins the names of its experiments")
    common: dict[str, Any] = Field({}, description="laid over every recipe")
    tasks: dict[Name, str | dict[str, Any]] = Field(
        {}, description="each laid over that, or a file with it, from the study's folder; default: one task"
    )
    methods: dict[Name, Method] = Field(min_length=1, description="by name")
    baseline: str = Field(description="the method that the others are compared with")
    seeds: tuple[int, ...] = Field((0,), min_length=1, description="every method runs with each")
    budget: Budget = Field(description="at which every run stops")
    task_budgets: dict[str, Budget] = Field({}, description="of tasks that have another one, by name")
    confidence: float = Field(0.95, gt=0.5, lt=1, description="of intervals")
    score: Literal["last", "champion"] = Field(
        "last", description="whose accuracy on the report set counts: the last model within the budget, or the gate's"
    )

    @model_validator(mode="before")
    @classmethod
    def _has_its_controls(cls, tree: Any) -> Any:
        """What a loop is worth is told by what it would have gained without its signal, and by training alone."""
        methods = tree.get("methods") if isinstance(tree, dict) else None
        origin = methods.get(tree.get("baseline")) if isinstance(methods, dict) else None
        if not isinstance(methods, dict) or not isinstance(origin, dict):
            return tree  # each field says itself what is wrong with it
        written = [one.get("control") for one in methods.values() if isinstance(one, dict)]
        missing = [control for control in CONTROLS if control not in written and control not in methods]
        return {**tree, "methods": {**methods, **{control: {**origin, "control": control} for control in missing}}}

    @model_validator(mode="after")
    def _has_its_baseline(self) -> Study:
        if self.baseline not in self.methods:
            raise ValueError(f"baseline '{self.baseline}' is none of the methods: {', '.join(self.methods)}")
        for name, method in self.methods.items():
            if unknown := [task for task in method.tasks if task not in self.tasks]:
                raise ValueError(f"methods.{name}.tasks: '{unknown[0]}' is none of the tasks: {', '.join(self.tasks)}")
        if self.methods[self.baseline].tasks:
            raise ValueError(f"methods.{self.baseline}.tasks: the others are compared with it: leave it out")
        if self.methods[self.baseline].control is not None:
            raise ValueError(f"baseline '{self.baseline}' is a control: compare with a method")
        if unlike := [name for name in CONTROLS if name in self.methods and self.methods[name].control != name]:
            raise ValueError(f"methods.{unlike[0]} is called like a control, and is none: write control: {unlike[0]}")
        if strange := [task for task in self.task_budgets if task not in self.tasks]:
            raise ValueError(f"task_budgets: '{strange[0]}' is none of the tasks: {', '.join(self.tasks)}")
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError("seeds: one stands there twice: a run would count double")
        return self

    def tasks_of(self, method: str) -> tuple[str, ...]:
        """Names of the tasks that a method runs on."""
        return self.methods[method].tasks or self.task_names

    def budget_of(self, task: str) -> Budget:
        """At which the runs of a task stop."""
        return self.task_budgets.get(task, self.budget)

    @property
    def task_names(self) -> tuple[str, ...]:
        """Names of the tasks; one without a name where none is written."""
        return tuple(self.tasks) or ("",)


def load_study(path: Path) -> Study:
    """Read a study's file.

    Raises:
        RecipeError: it cannot be read, or says something wrong.
    """
    try:
        return Study.model_validate(read_yaml(path, "study"))
    except ValidationError as error:
        raise RecipeError(f"{path}: " + "\n  - ".join(explain_mistakes(error))) from None
