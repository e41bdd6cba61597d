"""The runs of a study: every method with every seed on every task, each a recipe.

A method is a recipe with the common section laid over it, then a task's, then its own `set`; a control is made of what
that is. Sections are laid over each other field by field; one of another `kind` is replaced, and null takes a section
away. A warm start that names its source is replaced whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from configs.errors import RecipeError
from configs.schema.load import apply_override, check_recipe, read_yaml
from configs.schema.recipe import Recipe
from configs.schema.study import Study
from configs.schema.study_controls import control_of
from configs.schema.study_layers import fill_verifier, lay_sections

RECIPES = Path(__file__).parents[1] / "recipes"


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


def runs_of(study: Study, folder: Path, skip: tuple[str, ...] = ()) -> list[StudyRun]:
    """All runs, seed after seed, so that one that is looked at early compares all methods; the baseline's first.

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
            runs += [run_of(study, task, name, seed, folder) for task in study.tasks_of(name) for seed in study.seeds]
        except RecipeError as error:
            faults[name] = error.message
    refuse_faults(study, faults)
    _refuse_twins(study, runs)
    return sorted(runs, key=lambda run: study.seeds.index(run.seed))


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
    tree = read_yaml(_recipe_file(method.recipe, folder))
    layers = study.common, _sections_of(study.tasks.get(task, {}), folder)
    if any("source" in (layer.get("warm_start") or {}) for layer in layers):
        tree.pop("warm_start", None)  # all methods begin with one model
    for layer in layers:
        tree = lay_sections(tree, layer)
    for address, value in method.set.items():
        if value is None and "." not in address:
            tree.pop(address, None)
        else:
            apply_override(tree, f"{address}={_as_yaml(value)}")
    tree = fill_verifier(tree, layers)
    if method.control is not None:
        tree = control_of(tree, method.control)
    parts = [study.name, *([task] if task else []), name, f"s{seed}"]
    recipe = check_recipe(tree | {"name": "-".join(parts), "seed": seed}, method.recipe)
    most = recipe.rounds.max if method.rounds is None else method.rounds
    return StudyRun(task, name, seed, recipe, most)


def _recipe_file(name: str, folder: Path) -> Path:
    known = RECIPES / f"{name}.yaml"
    return known if re.fullmatch("[a-z0-9_]+", name) and known.exists() else folder / name


def _sections_of(task: str | dict[str, Any], folder: Path) -> dict[str, Any]:
    return read_yaml(folder / task, "study") if isinstance(task, str) else task


def _as_yaml(value: Any) -> str:
    import yaml

    return yaml.safe_dump(value, default_flow_style=True).removesuffix("\n").removesuffix("\n...")


def _refuse_twins(study: Study, runs: list[StudyRun]) -> None:
    known: dict[tuple[str, str], str] = {}
    for run in runs:
        if run.seed == study.seeds[0]:
            what = run.recipe.model_copy(update={"name": "x"}).model_dump_json() + str(run.max_rounds)
            if (other := known.setdefault((run.task, what), run.method)) != run.method:
                raise RecipeError(f"{other} and {run.method} are the same recipe", "leave out one of them")
