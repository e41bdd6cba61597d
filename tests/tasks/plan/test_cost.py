"""What judging costs in a plan: judgements of a round, and loads of models besides the one that draws."""

from __future__ import annotations

from typing import Any

import pytest

from configs.schema.load import check_recipe
from configs.schema.recipe import Recipe
from tasks.plan.cost import judge_loads, judgements_a_round, loads_beside
from tests.build.records import make_recipe
from tests.configs.online_recipes import online_recipe

TRUSTED = {"kind": "addition", "digits": [1], "num_problems": 2}
ROLES = {
    "teacher": {"model": {"base": "models/teacher"}},
    "prm": {"model": {"base": "models/prm"}, "engine": {"kind": "reward"}},
}


def recipe(judges: list[dict[str, Any]], **sections: Any) -> Recipe:
    generate = {"num_samples": 8, "max_tokens": 16}
    evaluate = {"verifier": {"kind": "number"}}
    select = [{"kind": "drop_truncated"}]
    given = {"generate": generate, "evaluate": evaluate, "roles": ROLES, "judge": judges, "select": select}
    return make_recipe(**{**given, **sections})


@pytest.mark.parametrize(
    ("judges", "count"),
    [
        ([{"kind": "answer"}], 0),
        ([{"kind": "implicit", "reference": "base"}], 0),
        ([{"kind": "rubric", "repeats": 3}], 10 * 8 * 3),
        ([{"kind": "rubric", "read": "choices"}], 10 * 8),
        ([{"kind": "pairwise"}], 10 * 8 * 7),
        ([{"kind": "vote"}, {"kind": "rubric", "repeats": 2}, {"kind": "pairwise"}], 10 * (8 * 2 + 8 * 7)),
    ],
)
def test_judgements_of_a_round(judges: list[dict[str, Any]], count: int) -> None:
    assert judgements_a_round(recipe(judges), num_train=10) == count


def test_candidates_of_one_step_are_compared_with_each_other() -> None:
    generate = {"kind": "stepwise", "width": 4, "max_steps": 3, "max_tokens": 16}
    assert judgements_a_round(recipe([{"kind": "pairwise"}], generate=generate), num_train=10) == 10 * 3 * 4 * 3


@pytest.mark.parametrize(
    ("judges", "loads"),
    [
        ([{"kind": "answer"}, {"kind": "rubric"}], 0),
        ([{"kind": "likelihood"}], 0),
        ([{"kind": "implicit", "reference": "previous"}], 1),
        ([{"kind": "implicit", "reference": "base"}, {"kind": "importance", "trusted": TRUSTED}], 1),
        ([{"kind": "rubric", "role": "teacher"}, {"kind": "pairwise", "role": "teacher"}], 1),
        ([{"kind": "rubric", "role": "teacher"}, {"kind": "reward_model", "role": "prm"}], 2),
        ([{"kind": "importance", "role": "teacher", "trusted": TRUSTED}], 1),
    ],
)
def test_loads_of_a_round(judges: list[dict[str, Any]], loads: int) -> None:
    assert judge_loads(recipe(judges)) == loads


@pytest.mark.parametrize(
    ("sampler", "devices", "loads"),
    [
        ({}, ["cuda:0", "cuda:1"], 0), ({"where": "session"}, ["cpu"], 1), ({"where": "session"}, ["cuda:0"], 1),
        ({"where": "session"}, ["cuda:0", "cuda:1", "cuda:2"], 2),
        ({"where": "server", "url": "http://host:8000/v1"}, ["cuda:0", "cuda:1"], 1),
    ],
)  # fmt: skip
def test_what_draws_beside_a_learner_is_loaded_once_a_segment(
    sampler: dict[str, Any], devices: list[str], loads: int
) -> None:
    tree = online_recipe({"kind": "dapo"}, sampler=sampler) | {"engine": {"devices": devices}}
    assert loads_beside(check_recipe(tree)) == loads
