"""The studies that are shipped: every method meets the common section, and begins where the others do."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from configs.schema.load import load_recipe
from configs.schema.study import CONTROLS, Study, load_study
from configs.schema.study_runs import RECIPES, StudyRun, runs_of

STUDIES = sorted((Path(__file__).parents[2] / "configs/studies").glob("*.yaml"))
TASKS = sorted((Path(__file__).parents[2] / "configs/studies/tasks").glob("*.yaml"))
FIRST = 1
"""seeds are alike: one is enough to check recipes"""


@cache
def study(name: str) -> tuple[Study, list[StudyRun]]:
    path = next(path for path in STUDIES if path.stem == name)
    told = load_study(path)
    return told, runs_of(told.model_copy(update={"seeds": told.seeds[:FIRST]}), path.parent)


@pytest.mark.parametrize("name", [path.stem for path in STUDIES])
def test_all_methods_of_a_task_have_the_same_model_problems_and_measure(name: str) -> None:
    told, runs = study(name)
    assert {run.method for run in runs} == set(told.methods) >= set(CONTROLS)
    for task in told.task_names:
        of_task = [run.recipe for run in runs if run.task == task]
        for part in ("model", "problems", "warm_start", "decide", "guards"):
            assert len({repr(getattr(recipe, part)) for recipe in of_task}) == 1, part
        measured = {(repr(recipe.evaluate.verifier), repr(recipe.evaluate.pass_at)) for recipe in of_task}
        assert len(measured) == 1
        loops = [run for run in runs if run.task == task and told.methods[run.method].control is None]
        judges = [judge for run in loops for judge in run.recipe.judge if judge.kind in ("answer", "vote")]
        learnt_from = {repr(judge.verifier) for judge in judges}
        assert learnt_from == {verifier for verifier, _ in measured}, "what is learnt is what is measured"


def test_the_quick_study_has_six_methods() -> None:
    told, runs = study("quick")
    assert (len(told.methods), len(told.seeds), len(told.task_names), len(runs)) == (6, 1, 1, 6)


def test_the_full_study_has_methods_of_every_family() -> None:
    told, _ = study("full")
    assert len(told.methods) - len(CONTROLS) >= 25
    assert (len(told.seeds), len(told.task_names)) == (3, 3)
    losses = {load_recipe(RECIPES / f"{method.recipe}.yaml").train.objective.kind for method in told.methods.values()}
    assert losses >= {"sft", "dpo", "weighted_dpo_nll", "soft_label_dpo", "sppo", "grpo", "dapo", "nft", "rloo"}


def test_the_study_for_gpus_keeps_the_losses_and_learning_rates_of_the_recipes() -> None:
    told, runs = study("gsm8k")
    assert runs[0].recipe.engine.kind == "vllm"
    for run in runs:
        method = told.methods[run.method]
        if method.control is None:
            published = load_recipe(RECIPES / f"{method.recipe}.yaml").train
            assert run.recipe.train.learning_rate == published.learning_rate
            assert run.recipe.train.objective == published.objective


@pytest.mark.parametrize("path", TASKS, ids=lambda path: path.stem)
def test_every_task_is_one_of_a_study_that_anybody_can_write(path: Path) -> None:
    written = {
        "name": "one", "methods": {"own": {"recipe": "demo"}}, "baseline": "own", "tasks": {"it": str(path)},
        "budget": {"generated_tokens": 1}, "common": {"warm_start": {"tune": {"kind": "full"}}},
    }  # fmt: skip
    own, chance, only = runs_of(Study.model_validate(written), path.parent)
    assert own.recipe.problems == chance.recipe.problems == only.recipe.problems
