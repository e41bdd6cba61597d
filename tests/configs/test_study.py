"""A study's file: recipes with a common section laid over them, and what is refused before anything runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from configs.errors import RecipeError
from configs.schema.recipe import Recipe
from configs.schema.study import load_study
from configs.schema.study_layers import lay_over
from configs.schema.study_runs import runs_of
from configs.schema.verifiers.kinds import ExactVerifier, NumberVerifier

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
        f"sums-{task}-{method}-s{seed}"
        for seed in (0, 5)
        for method in ("plain", "hot", "by_chance", "training_only")
        for task in ("easy", "hard")
    ]
    last = next(run for run in runs if run.name == "sums-hard-hot-s5").recipe
    assert (last.seed, last.generate.temperature, last.decide.gate.kind) == (5, 1.2, "always")
    assert (last.problems.train.digits, last.problems.report.num_problems) == ((3,), 40)
    assert last.problems.report.digits == (2,), "what is not laid over stays as the recipe says"


def test_a_method_may_be_a_file_beside_the_study(tmp_path: Path) -> None:
    tree = yaml.safe_load((Path(__file__).parents[2] / "configs/recipes/demo.yaml").read_text())
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(tree | {"seed": 3}))
    path = write(tmp_path, methods={**STUDY["methods"], "own": {"recipe": "own.yaml", "rounds": 0}}, tasks=None)
    assert [run.max_rounds for run in runs_of(load_study(path), tmp_path) if run.method == "own"] == [0, 0]


def test_a_task_may_be_a_file_beside_the_study(tmp_path: Path) -> None:
    (tmp_path / "hard.yaml").write_text("problems: {train: {digits: [3]}}")
    path = write(tmp_path, tasks={"hard": "hard.yaml"})
    assert {run.recipe.problems.train.digits for run in runs_of(load_study(path), tmp_path)} == {(3,)}
    with pytest.raises(RecipeError, match="there is no study"):
        runs_of(load_study(write(tmp_path, tasks={"hard": "away.yaml"})), tmp_path)


def test_a_method_may_run_on_some_tasks_and_be_another_on_each(tmp_path: Path) -> None:
    """The same recipe on two tasks is no twin; on one it is."""
    cold = {"recipe": "demo", "set": {"generate.temperature": 0.1}}
    methods = STUDY["methods"] | {"cold": cold | {"tasks": ["hard"]}}
    runs = runs_of(load_study(write(tmp_path, methods=methods)), tmp_path)
    assert [(run.task, run.seed) for run in runs if run.method == "cold"] == [("hard", 0), ("hard", 5)]
    both = methods | {"twin": cold | {"tasks": ["easy"]}, "other": cold | {"tasks": ["easy", "hard"]}}
    with pytest.raises(RecipeError, match=r"(cold|twin) and other are the same recipe"):
        runs_of(load_study(write(tmp_path, methods=both)), tmp_path)


def test_null_takes_a_section_away(tmp_path: Path) -> None:
    none = {"plain": {"recipe": "demo", "set": {"select": None, "warm_start.stop_epochs": None}}}
    assert controls(tmp_path, methods=none)["plain"].select == Recipe.model_fields["select"].default


def test_sections_are_laid_over_field_by_field_and_kinds_replaced() -> None:
    below = {"a": {"kind": "x", "b": 1, "c": 2}, "d": 3, "e": [1]}
    assert lay_over(below, {"a": {"b": 5}}) == {"a": {"kind": "x", "b": 5, "c": 2}, "d": 3, "e": [1]}
    assert lay_over(below, {"a": {"kind": "y", "f": 0}}) == {"a": {"kind": "y", "f": 0}, "d": 3, "e": [1]}
    assert lay_over(below, {"a": None, "e": [2]}) == {"d": 3, "e": [2]}
    assert lay_over({"a": {"path": "x"}}, {"a": {"kind": "y"}}) == {"a": {"kind": "y"}}, "a kind left out is another"
    assert lay_over({}, {"a": {"b": None, "c": 1}}) == {"a": {"c": 1}}, "null takes away what is not there either"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"baseline": "other"}, "baseline 'other' is none of the methods: plain, hot"),
        ({"budget": {"generated_tokens": 1, "training_tokens": 1}}, "write one of generated_tokens"),
        ({"budget": {}}, "write one of generated_tokens"),
        ({"seeds": [1, 1]}, "one stands there twice"),
        ({"methods": {}}, "write at least 1 item"),
        ({"methods": {"plain": {"recipe": "demo", "control": "by_chance"}}}, "baseline 'plain' is a control"),
        ({"methods": {**STUDY["methods"], "by_chance": {"recipe": "demo"}}}, "called like a control, and is none"),
        ({"methods": {**STUDY["methods"], "twin": {"recipe": "demo"}}}, "plain and twin are the same recipe"),
        ({"methods": {**STUDY["methods"], "gone": {"recipe": "nowhere"}}}, "gone: there is no recipe"),
        ({"methods": {**STUDY["methods"], "cold": {"recipe": "demo", "tasks": ["cool"]}}},
         "methods.cold.tasks: 'cool' is none of the tasks: easy, hard"),
        ({"methods": {"plain": {"recipe": "demo", "tasks": ["easy"]}}}, "the others are compared with it"),
        ({"task_budgets": {"cool": {"generated_tokens": 9}}}, "task_budgets: 'cool' is none of the tasks: easy, hard"),
        ({"common": {"generate": {"num_sample": 3}}}, "4 of 5 methods cannot run"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_message(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    if "4 of 5" in message:
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
    left = {run.method for run in runs_of(study, tmp_path, ("bad",))}
    assert left == {"plain", "hot", "by_chance", "training_only"}
    for wrong, message in (("plain", "the others are compared with it"), ("no", "no such method")):
        with pytest.raises(RecipeError, match=message):
            runs_of(study, tmp_path, (wrong,))


VOTES = {
    "plain": {
        "recipe": "demo",
        "set": {"judge": [{"kind": "vote", "name": "v"}], "evaluate.verifier": {"kind": "number"}},
    }
}


def controls(folder: Path, **changed: Any) -> dict[str, Recipe]:
    path = write(folder, **{"seeds": [0], "tasks": None, **changed})
    return {run.method: run.recipe for run in runs_of(load_study(path), folder)}


@pytest.mark.parametrize("methods", [STUDY["methods"], VOTES])
def test_a_control_has_all_of_the_baseline_but_what_its_verdicts_know(tmp_path: Path, methods: dict[str, Any]) -> None:
    made = controls(tmp_path, methods=methods)
    plain, chance = made["plain"], made["by_chance"]
    (judge,) = chance.judge
    assert (judge.kind, judge.name) == ("answer", plain.judge[0].name)
    assert judge.verifier.function.endswith("configs/studies/controls.py:by_chance")
    assert Path(judge.verifier.function.partition(":")[0]).is_file()
    assert chance.evaluate.verifier == NumberVerifier(), "what it is worth is measured as before"
    unlike = {"name", "judge", "evaluate"}
    assert chance.model_dump(exclude=unlike) == plain.model_dump(exclude=unlike)


def test_a_control_by_training_alone_repeats_the_warm_start(tmp_path: Path) -> None:
    made = controls(tmp_path)
    plain, only = made["plain"], made["training_only"]
    assert (only.generate.num_samples, only.generate.num_problems) == (1, 1)
    assert (only.train.start_from, only.train.with_seed_data) == ("previous", True)
    assert plain.warm_start is not None and plain.warm_start.epochs > 1
    course = ("epochs", "learning_rate", "schedule", "warmup_share", "batch_size")
    assert all(getattr(only.train, name) == getattr(plain.warm_start, name) for name in course)
    assert (only.warm_start, only.problems, only.model) == (plain.warm_start, plain.problems, plain.model)


def test_controls_of_ones_own_stand_in_for_those_of_the_baseline(tmp_path: Path) -> None:
    own = {"luck": {"recipe": "demo", "control": "by_chance", "set": {"generate.temperature": 1.1}}}
    made = controls(tmp_path, methods=STUDY["methods"] | own)
    assert set(made) == {"plain", "hot", "luck", "training_only"}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"common": {"warm_start": None}}, "training_only: the method has no warm start to go on with"),
        ({"methods": {"plain": {"recipe": "demo", "set": {"judge": [{"kind": "likelihood"}], "select": [],
                                                          "evaluate.verifier": {"kind": "number"}}}}},
         "by_chance: the method has no judge of kind answer or vote"),
    ],
)  # fmt: skip
def test_a_control_that_cannot_be_made_is_told(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        controls(tmp_path, **changed)


def test_a_verifier_of_the_study_finds_the_answers_of_all_judges(tmp_path: Path) -> None:
    """Of a published recipe for language models, whose own sections have no kind and other verifiers."""
    common = {
        "model": {"kind": "tiny_llama"},
        "problems": {name: {"kind": "addition", "num_problems": 9} for name in ("train", "select", "report")},
        "verifier": {"kind": "exact", "pattern": ";(.*)"},
        "generate": {"few_shot": None, "max_tokens": 9},
        "online": {"episode": {"max_tokens": 7}},
        "evaluate": {"max_tokens": 9},
        "warm_start": {"source": {"kind": "addition"}, "tune": {"kind": "full"}},
        "train": {"tune": {"kind": "full"}},
    }
    methods = {"plain": {"recipe": "rest_em"}, "vote": {"recipe": "lmsi", "set": {"train.formats": []}},
               "live": {"recipe": "grpo"}}  # fmt: skip
    made = controls(tmp_path, common=common, methods=methods)
    for name in ("plain", "vote", "live"):
        assert made[name].judge[0].verifier == ExactVerifier(pattern=";(.*)")
        assert made[name].evaluate.verifier == ExactVerifier(pattern=";(.*)")
    assert (made["plain"].generate.max_tokens, made["plain"].generate.few_shot) == (9, None)
    assert made["live"].online is not None and made["live"].online.episode.max_tokens == 7


def test_judges_that_a_method_writes_have_the_verifier_of_the_study(tmp_path: Path) -> None:
    """That of the task, where it says one; a verifier of the method's own stays."""
    own = {"kind": "answer", "name": "own", "verifier": {"kind": "number"}}
    methods = {"plain": {"recipe": "demo", "set": {"judge": [{"kind": "vote"}, own]}}}
    layers = {"common": {"verifier": {"kind": "number"}}, "tasks": {"it": {"verifier": {"kind": "exact"}}}}
    vote, answer = controls(tmp_path, methods=methods, **layers)["plain"].judge
    assert (vote.verifier, answer.verifier) == (ExactVerifier(), NumberVerifier())


def test_a_recipe_that_writes_no_judge_has_one(tmp_path: Path) -> None:
    tree = yaml.safe_load((Path(__file__).parents[2] / "configs/recipes/demo.yaml").read_text())
    (tmp_path / "own.yaml").write_text(yaml.safe_dump({name: part for name, part in tree.items() if name != "judge"}))
    made = controls(tmp_path, methods={"plain": {"recipe": "own.yaml"}}, common={"verifier": {"kind": "exact"}})
    assert made["plain"].judge[0].verifier == ExactVerifier()
    assert made["by_chance"].judge[0].verifier.kind == "python"


def test_all_methods_begin_with_one_model(tmp_path: Path) -> None:
    """Whatever their own warm starts say; one that names no source changes single fields of them."""
    (tmp_path / "own.yaml").write_text(
        (Path(__file__).parents[2] / "configs/recipes/demo.yaml").read_text().replace("epochs: 3", "epochs: 7")
    )
    methods = {"plain": {"recipe": "demo"}, "own": {"recipe": "own.yaml", "set": {"train.epochs": 1}}}
    whole = {"source": {"kind": "addition"}, "tune": {"kind": "full"}}
    made = controls(tmp_path, methods=methods, common={"warm_start": whole})
    assert made["plain"].warm_start == made["own"].warm_start == made["training_only"].warm_start
    part = controls(tmp_path, methods=methods, common={"warm_start": {"batch_size": 8}})
    assert [part[name].warm_start.epochs for name in methods] == [3, 7]
    assert [part[name].warm_start.batch_size for name in methods] == [8, 8]
