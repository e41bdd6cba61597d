"""A recipe loads with the papers' defaults, or fails with the field's address and what to write instead."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from configs.errors import RecipeError
from configs.schema.load import apply_override, check_recipe, dump_recipe, load_recipe, read_stored_recipe
from configs.schema.recipe import Recipe
from tests.flows.micro import micro_recipe

RECIPES = sorted((Path(__file__).parents[2] / "configs" / "recipes").glob("*.yaml"))


def smallest() -> dict[str, Any]:
    """The shortest recipe there is."""
    sums = {"kind": "addition"}
    return {"name": "x", "model": {"base": "org/model"}, "problems": {"train": sums, "select": sums, "report": sums}}


def changed(*overrides: str) -> Recipe:
    tree = smallest() | {"select": [{"kind": "correct"}, {"kind": "cap"}]}
    for override in overrides:
        apply_override(tree, override)
    return check_recipe(tree)


def test_defaults_are_those_of_rest_em() -> None:
    recipe = check_recipe(smallest())
    assert (recipe.generate.num_samples, recipe.generate.temperature, recipe.generate.top_k) == (32, 0.7, 40)
    assert [part.kind for part in recipe.select] == ["correct", "drop_truncated", "cap"]
    assert recipe.select[2].per_problem == 10
    assert (recipe.train.start_from, recipe.train.data, recipe.rounds.max) == ("base", "this_round", 3)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_shipped_recipe_loads(path: Path) -> None:
    assert load_recipe(path).name


def test_the_resolved_recipe_loads_to_itself() -> None:
    recipe = changed("train.tune={kind: full}", "decide.gate={kind: significant}")
    assert check_recipe(yaml.safe_load(dump_recipe(recipe))) == recipe


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("train.lerning_rate=1", r"train.lerning_rate: unknown key; did you mean 'learning_rate'\?"),
        ("modle=1", r"modle: unknown key; did you mean 'model'\?"),
        ("problems.train.digit=[1]", r"problems.train.digit: unknown key; did you mean 'digits'\?"),
        ("judge=[{verifier: {kind: math, foo: 1}}]", r"judge.0.verifier.foo: unknown key; known keys: kind, "),
        ("train.tune.kind=lor", r"train.tune.kind: unknown or missing; write one of 'lora', 'full'"),
        ("select.0.kind=corect", r"select.0.kind: unknown or missing; write one of 'correct', 'judged'"),
        ("select=[{}]", r"select.0.kind: unknown or missing"),
        ("engine.batch_size=many", r"engine.batch_size: Input should be a valid integer"),
        ("rounds.max=0", r"rounds.max: Input should be greater than or equal to 1"),
        ("problems={train: {kind: addition}}", r"problems: select, report missing: name a source for each"),
        ("name=Has Blanks", r"name: 'Has Blanks' cannot name a folder"),
        ("train.start_from=seed", r"train.start_from: 'seed' is the model of the warm start.*write start_from: base"),
        ("generate.temperature=0", r"generate: temperature 0 draws the same text 32 times: write num_samples: 1"),
        ("evaluate.pass_at={k: [9]}", r"k 9 needs at least that many draws: write num_samples: 9"),
        ("select.0.judge=zz", r"select.0.judge: no judge is called 'zz': write one of answer"),
        ("judge=[{}, {}]", r"judge: two judges are called 'answer': give each its own name"),
        ("engine.max_model_length=512", r"generate.max_tokens: 512 leaves no room .*: write a value below 512"),
        ("problems.select={path: a.jsonl, mapping: {answer: {field: a, pattern: x}}}", r"pattern: needs exactly one"),
        ("problems.select={path: a.jsonl, mapping: {answer: {field: a, pattern: '('}}}", r"not a regular expression"),
        ("model={kind: tiny_llama, hidden_size: 10}", r"hidden_size 10 is not a multiple .*: write hidden_size: 12"),
        ("model={base: m, chat_template: t.jinja, chat_template_name: rag}", r"chat_template_name chooses among .*"),
        ("model={base: m, chat_template_kwargs: {messages: []}}", r"chat_template_kwargs: messages is given by"),
        ("model={base: m, chat_template_kwargs: {strftime_now: x}}", r"strftime_now is given by what is asked"),
        ("model={base: m, chat_template_date: yesterday}", r"'yesterday' is no date: write one such as 2026-01-01"),
        ("model={base: m, chat_template_date: '2026-02-30'}", r"'2026-02-30' is no date"),
        ("judge=[{verifier: {kind: number, tolerance: .inf}}]", r"judge.0.verifier.tolerance: .*finite"),
        ("train.learning_rate=1.0e+400", r"train.learning_rate: .*finite"),
        ("judge=[{verifier: {kind: choice, choices: AAB}}]", r"choices: needs letters or digits, each once"),
        ("judge=[{verifier: {kind: choice, choices: 'A, B'}}]", r"choices: needs letters or digits, each once"),
        ("judge=[{verifier: {kind: choice, choices: ABa}}]", r"choices: needs letters or digits, each once"),
        ("judge=[{verifier: {kind: number, thinking: [[<T>, <t>]]}}]", r"thinking: needs two different tags a pair"),
        ("rows=[{kind: turn, of: []}]", r"1 mistake\n  - rows.0.of: it is empty; write at least 1 item"),
        ("generate={kind: revise, steps: [{part: attempt, num: 9999999}]}", r"more than 100,000 texts: write a sm"),
        ("generate={kind: revise, max_turns: 1000000000}", r"generate.max_turns: Input should be less than or equal"),
        ("generate.num_samples=1" + "0" * 400, r"generate.num_samples: Input should be less than or equal to 100000"),
        (r'select.1={kind: length, note: ["\ud800"]}', r"select.1.note.0 holds half of a character.*\n  fix: write"),
        (r'name="\udfff"', r"name holds half of a character"),
        ("select.1={kind: length, min_tokens: 9, max_tokens: 3}", r"max_tokens 3 is below min_tokens 9"),
    ],
)
def test_a_mistake_is_explained(override: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        changed(override)


def test_a_date_is_one_however_yaml_reads_it() -> None:
    dates = [changed(f"model={{base: m, chat_template_date: {day}}}").model for day in ("2024-07-26", "'2024-07-26'")]
    assert [getattr(model, "chat_template_date", None) for model in dates] == ["2024-07-26"] * 2


def test_every_mistake_is_listed_at_once() -> None:
    with pytest.raises(RecipeError, match="2 mistakes") as caught:
        changed("modle=1", "rounds.max=0")
    assert "modle" in str(caught.value)
    assert "rounds.max" in str(caught.value)


def test_an_adapter_is_continued_with_its_own_settings() -> None:
    warm_start = "warm_start={source: {kind: addition}, tune: {kind: lora, rank: 4}}"
    with pytest.raises(RecipeError, match=r"copy warm_start.tune, or write start_from: base"):
        changed(warm_start, "train.start_from=previous")
    assert changed(warm_start, "train.start_from=previous", "train.tune={kind: lora, rank: 4}").warm_start is not None


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("rounds.max", "no '='"),
        ("select.9.kind=cap", "not a position in a list of 2"),
        ("name.first=x", "holds a value, not a section"),
        ("rounds.max=[", "the value is not YAML"),
        ("rounds.max=2026-02-30", "the value is not YAML"),
        ("rounds={max: 1, max: 2}", "line 1: the key 'max' stands in line 1 already"),
    ],
)
def test_an_override_that_cannot_be_applied_is_explained(override: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        changed(override)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"name: [", "line 1: not YAML"),
        (b"name: " + b"[" * 5000, "too deep in each other"),
        (b"name: " + b"[" * 5000 + b"]" * 5000, "too deep in each other"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"- a", "is not a mapping of sections"),
        (b"", "is not a mapping of sections"),
    ],
)
def test_a_file_that_is_no_recipe_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_bytes(content)
    with pytest.raises(RecipeError, match=rf"bad\.yaml.*{message}"):
        load_recipe(path)


def test_a_missing_recipe_is_named() -> None:
    with pytest.raises(RecipeError, match=r"there is no recipe nowhere\.yaml"):
        load_recipe("nowhere.yaml")


def test_a_stored_recipe_with_a_verifier_is_read_with_the_role_of_that_name() -> None:
    train = {"objective": {"kind": "dpo"}, "data": "accumulate"}
    verifier = {"select": [{"kind": "judged"}], "pair": {"kind": "right_vs_wrong"}, "train": train}
    recipe = read_stored_recipe(yaml.safe_dump(smallest() | {"verifier": verifier}), "stored")
    own = recipe.for_learner("verifier")
    assert (recipe.learners(), own.train.data, own.model) == (("policy", "verifier"), "accumulate", recipe.model)


OWN_SET = {"source": {"kind": "addition"}, "max_tokens": 64}


@pytest.mark.parametrize(
    ("evaluate", "name"),
    [
        ({"max_tokens": 64}, "evaluate"),
        (
            {"benchmarks": {"sets": {"own": {"source": {"kind": "addition"}, "max_tokens": 64}}}},
            "evaluate.benchmarks.sets.own",
        ),
    ],
)
def test_no_answer_may_be_as_long_as_the_context(evaluate: dict[str, Any], name: str) -> None:
    with pytest.raises(RecipeError, match=rf"{name}.max_tokens: 64 leaves no room for a prompt in a context of 64"):
        check_recipe(micro_recipe(evaluate=evaluate))
