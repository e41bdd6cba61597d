"""A study: several methods on the same model, problems and budget, each with several seeds.

    name: sums
    common: {model: ..., problems: ..., warm_start: ..., evaluate: ..., decide: {gate: {kind: always}}}
    budget: {generated_tokens: 400_000}
    baseline: rest_em
    methods:
      rest_em: {recipe: rest_em}
      hot: {recipe: rest_em, set: {generate.temperature: 1.2}}

A method is a recipe with the common section laid over it, then a task's, then its own `set`. Sections are laid over
each other field by field; one of another `kind` is replaced, and null takes a section away.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationError, model_validator

from configs.errors import RecipeError
from configs.schema.base import Component
from configs.schema.load import apply_override, check_recipe, explain_mistakes, read_yaml
from configs.schema.recipe import Recipe

RECIPES = Path(__file__).parents[1] / "recipes"
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_]{0,23}$")]


class Method(Component):
    """One row of the table."""

    recipe: str = Field(description="a recipe of configs/recipes by its name, or a file, from the study's folder")
    set: dict[str, Any] = Field({}, description="values by address, such as generate.temperature: 1.2")
    rounds: int | None = Field(None, ge=0, description="at most; 0: the model that everything begins with is scored")


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
    tasks: dict[Name, dict[str, Any]] = Field({}, description="laid over that, one after the other; default: one task")
    methods: dict[Name, Method] = Field(min_length=2, description="by name")
    baseline: str = Field(description="the method that the others are compared with")
    seeds: tuple[int, ...] = Field((0,), min_length=1, description="every method runs with each")
    budget: Budget = Field(description="at which every run stops")
    confidence: float = Field(0.95, gt=0.5, lt=1, description="of intervals")
    score: Literal["last", "champion"] = Field(
        "last", description="whose accuracy on the report set counts: the last model within the budget, or the gate's"
    )

    @model_validator(mode="after")
    def _has_its_baseline(self) -> Study:
        if self.baseline not in self.methods:
            raise ValueError(f"baseline '{self.baseline}' is none of the methods: {', '.join(self.methods)}")
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError("seeds: one stands there twice: a run would count double")
        return self

    @property
    def task_names(self) -> tuple[str, ...]:
        """Names of the tasks; one without a name where none is written."""
        return tuple(self.tasks) or ("",)


@dataclass(frozen=True)
class StudyRun:
    """One method with one seed on one task: an experiment of its own."""

    task: str
    method: str
    seed: int
    recipe: Recipe
    max_rounds: int

    @property
    def name(self) -> str:
        return self.recipe.name


def load_study(path: Path) -> Study:
    """Read a study's file.

    Raises:
        RecipeError: it cannot be read, or says something wrong.
    """
    try:
        return Study.model_validate(read_yaml(path, "study"))
    except ValidationError as error:
        raise RecipeError(f"{path}: " + "\n  - ".join(explain_mistakes(error))) from None


def runs_of(study: Study, folder: Path, skip: tuple[str, ...] = ()) -> list[StudyRun]:
    """All runs, the baseline's first.

    Args:
        folder: of the study's file.
        skip: methods that are left out.

    Raises:
        RecipeError: recipes do not meet the common section, or two methods are the same; all are named.
    """
    if unknown := [name for name in skip if name not in study.methods]:
        raise RecipeError(f"--skip {unknown[0]}: no such method", f"methods: {', '.join(study.methods)}")
    if study.baseline in skip:
        raise RecipeError(f"--skip {study.baseline}: the others are compared with it", "write another baseline")
    names = [study.baseline, *(name for name in study.methods if name not in (study.baseline, *skip))]
    runs: list[StudyRun] = []
    faults: dict[str, str] = {}
    for name in names:
        try:
            runs += [run_of(study, task, name, seed, folder) for task in study.task_names for seed in study.seeds]
        except RecipeError as error:
            faults[name] = error.message
    refuse_faults(study, faults)
    _refuse_twins(study, runs)
    return runs


def refuse_faults(study: Study, faults: Mapping[str, str]) -> None:
    """Raise where methods cannot run, with all of them in one message.

    Args:
        faults: by method, what is wrong.
    """
    if not faults:
        return
    told = "\n".join(f"  - {name}: {fault}" for name, fault in faults.items())
    leave = " ".join(f"--skip {name}" for name in faults)
    fix = "mend the common section" if study.baseline in faults else f"mend them, or leave them out: {leave}"
    raise RecipeError(f"{study.name}: {len(faults)} of {len(study.methods)} methods cannot run\n{told}", fix)


def run_of(study: Study, task: str, name: str, seed: int, folder: Path) -> StudyRun:
    """One run.

    Args:
        task: empty where the study names none.
        name: of the method.
        folder: of the study's file.

    Raises:
        RecipeError: the recipe cannot have the common section, or cannot be read.
    """
    method = study.methods[name]
    tree = lay_over(read_yaml(_recipe_file(method.recipe, folder)), study.common)
    tree = lay_over(tree, study.tasks.get(task, {}))
    for address, value in method.set.items():
        apply_override(tree, f"{address}={_as_yaml(value)}")
    parts = [study.name, *([task] if task else []), name, f"s{seed}"]
    tree |= {"name": "-".join(parts), "seed": seed}
    recipe = check_recipe(tree, method.recipe)
    most = recipe.rounds.max if method.rounds is None else method.rounds
    return StudyRun(task, name, seed, recipe, most)


def _recipe_file(name: str, folder: Path) -> Path:
    known = RECIPES / f"{name}.yaml"
    return known if re.fullmatch("[a-z0-9_]+", name) and known.exists() else folder / name


def _as_yaml(value: Any) -> str:
    import yaml

    return yaml.safe_dump(value, default_flow_style=True).removesuffix("\n").removesuffix("\n...")


def lay_over(tree: Any, top: Any) -> Any:
    """A mapping with another laid over it, field by field; what is of another kind, or no mapping, is replaced."""
    if not (isinstance(tree, Mapping) and isinstance(top, Mapping)):
        return top
    if "kind" in top and top["kind"] != tree.get("kind", top["kind"]):
        return dict(top)
    laid = {**tree, **{name: lay_over(tree.get(name), value) for name, value in top.items()}}
    return {name: value for name, value in laid.items() if value is not None or name not in top}


def _refuse_twins(study: Study, runs: list[StudyRun]) -> None:
    known: dict[str, str] = {}
    for run in runs:
        if run.task == study.task_names[0] and run.seed == study.seeds[0]:
            what = run.recipe.model_copy(update={"name": "x"}).model_dump_json() + str(run.max_rounds)
            if (other := known.setdefault(what, run.method)) != run.method:
                raise RecipeError(f"{other} and {run.method} are the same recipe", "leave out one of them")
