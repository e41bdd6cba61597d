"""A study's file: recipes with a common section laid over them, and what is refused before anything runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from configs.errors import RecipeError
from configs.schema.study import lay_over, load_study, runs_of

STUDY: dict[str, Any] = {
    "name": "sums",
    "common": {"problems": {"report": {"num_problems": 40}}, "decide": {"gate": {"kind": "always"}}},
    "tasks": {"easy": {"problems": {"train": {"digits": [1]}}}, "hard": {"problems": {"train": {"digits": [3]}}}},
    "methods": {"plain": {"recipe": "demo"}, "hot": {"recipe": "demo", "set": {"generate.temperature": 1.2}}},
    "baseline": "plain",
    "seeds": [0, 5],
    "budget": {"generated_tokens": 1000},
}


def write(folder: Path, **changed: Any) -> Path:
    path = folder / "study.yaml"
    path.write_text(
        yaml.safe_dump({name: part for name, part in (STUDY | changed).items() if part is not None}, sort_keys=False)
    )
    return path


def test_every_method_runs_on_every_task_with_every_seed(tmp_path: Path) -> None:
    path = write(tmp_path)
    runs = runs_of(load_study(path), tmp_path)
    assert [run.name for run in runs] == [
        f"sums-{task}-{method}-s{seed}" for method in ("plain", "hot") for task in ("easy", "hard") for seed in (0, 5)
    ]
    last = runs[-1].recipe
    assert (last.seed, last.generate.temperature, last.decide.gate.kind) == (5, 1.2, "always")
    assert (last.problems.train.digits, last.problems.report.num_problems) == ((3,), 40)
    assert last.problems.report.digits == (2,), "what is not laid over stays as the recipe says"


def test_a_method_may_be_a_file_beside_the_study(tmp_path: Path) -> None:
    tree = yaml.safe_load((Path(__file__).parents[2] / "configs/recipes/demo.yaml").read_text())
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(tree | {"seed": 3}))
    path = write(tmp_path, methods={**STUDY["methods"], "own": {"recipe": "own.yaml", "rounds": 0}}, tasks=None)
    assert runs_of(load_study(path), tmp_path)[-1].max_rounds == 0


def test_sections_are_laid_over_field_by_field_and_kinds_replaced() -> None:
    below = {"a": {"kind": "x", "b": 1, "c": 2}, "d": 3, "e": [1]}
    assert lay_over(below, {"a": {"b": 5}}) == {"a": {"kind": "x", "b": 5, "c": 2}, "d": 3, "e": [1]}
    assert lay_over(below, {"a": {"kind": "y", "f": 0}}) == {"a": {"kind": "y", "f": 0}, "d": 3, "e": [1]}
    assert lay_over(below, {"a": None, "e": [2]}) == {"d": 3, "e": [2]}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"baseline": "other"}, "baseline 'other' is none of the methods: plain, hot"),
        ({"budget": {"generated_tokens": 1, "training_tokens": 1}}, "write one of generated_tokens"),
        ({"budget": {}}, "write one of generated_tokens"),
        ({"seeds": [1, 1]}, "one stands there twice"),
        ({"methods": {"plain": {"recipe": "demo"}}}, "write at least 2 items"),
        ({"methods": {**STUDY["methods"], "twin": {"recipe": "demo"}}}, "plain and twin are the same recipe"),
        ({"methods": {**STUDY["methods"], "gone": {"recipe": "nowhere"}}}, "gone: there is no recipe"),
        ({"common": {"generate": {"num_sample": 3}}}, "3 of 3 methods cannot run"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_message(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    if "3 of 3" in message:
        changed = changed | {"methods": {**STUDY["methods"], "own": {"recipe": "rest_em"}}}
    with pytest.raises(RecipeError) as caught:
        runs_of(load_study(write(tmp_path, **changed)), tmp_path)
    assert message in str(caught.value)


def test_a_study_that_is_not_there_is_no_recipe(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="there is no study") as caught:
        load_study(tmp_path / "away.yaml")
    assert caught.value.fix == "look into configs/studies for ready ones"


def test_what_does_not_fit_is_left_out_only_by_name(tmp_path: Path) -> None:
    bad = {"recipe": "demo", "set": {"select": [{"kind": "nothing"}]}}
    study = load_study(write(tmp_path, methods={**STUDY["methods"], "bad": bad}))
    with pytest.raises(RecipeError) as caught:
        runs_of(study, tmp_path)
    assert caught.value.fix == "mend them, or leave them out: --skip bad"
    assert {run.method for run in runs_of(study, tmp_path, ("bad",))} == {"plain", "hot"}
    for wrong, message in (("plain", "the others are compared with it"), ("no", "no such method")):
        with pytest.raises(RecipeError, match=message):
            runs_of(study, tmp_path, (wrong,))
