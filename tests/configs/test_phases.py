"""Phases: which recipe a round has, and which phases make no sense."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from configs.errors import RecipeError
from configs.schema.load import check_recipe, dump_recipe
from configs.schema.phase import lay_over
from configs.schema.recipe import Recipe

SUMS = {"kind": "addition"}
DPO = {
    "select": [{"kind": "judged"}],
    "pair": {"kind": "right_vs_wrong"},
    "train": {"objective": {"kind": "dpo", "beta": 0.5}, "start_from": "phase:sft"},
}


def two_phases(*, changes: Any = DPO, **sections: Any) -> dict[str, Any]:
    phases = [{"name": "sft", "rounds": 2}, {"name": "dpo", "rounds": 3, "set": changes}]
    return {"name": "x", "model": {"base": "a/b"}, "problems": {"train": SUMS, "select": SUMS, "report": SUMS},
            "phases": phases, **sections}  # fmt: skip


def kinds(recipe: Recipe) -> list[str]:
    return [recipe.in_round(number).train.objective.kind for number in range(1, recipe.rounds.max + 1)]


def test_each_round_has_the_recipe_of_its_phase() -> None:
    recipe = check_recipe(two_phases())
    assert recipe.rounds.max == 5
    assert kinds(recipe) == ["sft", "sft", "dpo", "dpo", "dpo"]
    last = recipe.in_round(3)
    assert (last.train.start_from, last.train.objective.beta, last.phases) == ("phase:sft", 0.5, ())  # type: ignore[union-attr]
    assert recipe.in_round(2) == recipe.in_round(1)
    assert recipe.in_round(0) is recipe
    assert [recipe.stay_at(number) and recipe.stay_at(number).name for number in (0, 1, 3)] == [None, "sft", "dpo"]  # type: ignore[union-attr]


def test_the_list_can_be_gone_through_again() -> None:
    recipe = check_recipe(two_phases(rounds={"cycles": 2}))
    assert kinds(recipe) == (["sft"] * 2 + ["dpo"] * 3) * 2
    stay = recipe.stay_at(9)
    assert stay is not None and (stay.name, stay.first, stay.last) == ("dpo", 8, 10)


def test_the_resolved_recipe_has_the_same_phases() -> None:
    recipe = check_recipe(two_phases(rounds={"max": 4}))
    again = check_recipe(yaml.safe_load(dump_recipe(recipe)))
    assert again == recipe
    assert kinds(again) == kinds(recipe) == ["sft", "sft", "dpo", "dpo"]


def test_a_recipe_without_phases_is_the_same_in_every_round() -> None:
    recipe = check_recipe({key: value for key, value in two_phases().items() if key != "phases"})
    assert (recipe.in_round(7), recipe.stay_at(7), recipe.rounds.max) == (recipe, None, 3)


@pytest.mark.parametrize(
    ("tree", "changes", "merged"),
    [
        ({"a": {"b": 1, "c": 2}}, {"a": {"c": 3}}, {"a": {"b": 1, "c": 3}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": {"kind": "x", "b": 1}}, {"a": {"kind": "y"}}, {"a": {"kind": "y"}}),
        ({"a": {"kind": "x", "b": 1}}, {"a": {"kind": "x", "c": 2}}, {"a": {"kind": "x", "b": 1, "c": 2}}),
        ({"a": {"b": 1}}, {"a": None}, {"a": None}),
        ({"a": None}, {"a": {"b": 1}}, {"a": {"b": 1}}),
        ({"a": {"b": 1}}, {}, {"a": {"b": 1}}),
    ],
)
def test_what_is_laid_over(tree: dict[str, Any], changes: dict[str, Any], merged: dict[str, Any]) -> None:
    assert lay_over(tree, changes) == merged


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train": {"lerning_rate": 1}}, r"phases.1.set \(dpo\): train.lerning_rate: unknown key; did you mean 'lear"),
        ({"trian": {}}, r"phases.1.set \(dpo\): trian: unknown key; did you mean 'train'\?"),
        ({"train": {"epochs": -1}}, r"phases.1.set \(dpo\): train.epochs: Input should be greater than 0"),
        ({"train": {"objective": {"kind": "dpo"}}}, r"phases.1.set \(dpo\): pair: the objective dpo trains on pairs"),
        ({"train": {"start_from": "phase:x"}}, r"phases.1.set \(dpo\): train.start_from: phase:x is no earlier phase: "
                                                r"write phase:sft, previous or base"),
        ({"train": {"start_from": "phase:dpo"}}, r"phase:dpo is no earlier phase"),
        ({"train": {"start_from": "last"}}, r"train.start_from: 'last' names no model: write base, seed"),
        ({"train": {"reference": "phase:x"}}, r"phases.1.set \(dpo\): train.reference: phase:x is no earlier phase: "
                                               r"write phase:sft, previous or base"),
        ({"train": {"reference": "champion"}}, r"train.reference: 'champion' names no model: write base, seed, start"),
        ({"name": "y"}, r"phases.1.set: name: it is the whole experiment's"),
        ({"services": {"store": "s"}}, r"phases.1.set: services: it is the whole experiment's"),
        ({"rounds": {"max": 9}}, r"phases.1.set: rounds: it is the whole experiment's"),
        ({"problems": {"train": SUMS}}, r"phases.1.set: problems: round 0 makes it"),
        ({"warm_start": {"source": SUMS}}, r"phases.1.set: warm_start: round 0 makes it"),
        ({"evaluate": {"benchmarks": {"sets": {"x": {"source": SUMS}}}}}, r"benchmarks.sets: round 0 reads them"),
        ({"roles": {"critic": {"like": "policy"}}}, r"phases.1.set \(dpo\): roles: like, model and warm_start"),
        ({"generate": {"max_tokens": 99}}, r"phases.1.set \(dpo\): evaluate: phases have to be evaluated alike"),
    ],
)  # fmt: skip
def test_a_phase_that_cannot_be_is_explained(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        check_recipe(two_phases(changes=changes))


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"rounds": {"max": 2}}, r"phases.1: 'dpo' begins with round 3 and is never reached: write rounds.max: 5"),
        ({"rounds": {"max": 6}}, r"rounds.max: the phases have 5 rounds, and 6 are wanted: .* write rounds.cycles"),
        ({"phases": [], "rounds": {"cycles": 2}}, r"rounds.cycles: there are no phases to go through"),
        ({"phases": [{"name": "a", "rounds": 1}] * 2}, r"phases.1: two phases are called 'a'"),
        ({"phases": [{"name": "a", "rounds": 0}]}, r"phases.0.rounds: Input should be greater than or equal to 1"),
        ({"phases": [{"name": "a"}]}, r"phases.0.rounds: missing; add it"),
        ({"phases": [], "train": {"start_from": "phase:a"}}, r"train.start_from: phase:a is no earlier phase: none is"),
        ({"train": {"start_from": "phase:sft"}}, r"phases.0.set \(sft\): train.start_from: phase:sft is no earlier"),
    ],
)
def test_phases_that_do_not_fit_the_rounds_are_explained(sections: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        check_recipe(two_phases(**sections))


def test_longer_samples_are_evaluated_alike_where_the_recipe_says_how() -> None:
    assert check_recipe(two_phases(changes={"generate": {"max_tokens": 99}}, evaluate={"max_tokens": 99}))
