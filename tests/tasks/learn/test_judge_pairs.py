"""Pairs of judgements are trained on in the rounds that make them, and in no other."""

from __future__ import annotations

import pytest

from configs.schema.recipe import Recipe
from tasks.core.refs import StepRef
from tasks.learn.judge_pairs import judge_pairs_of
from tests.configs.recipes import recipe as recipe_called

MADE = tuple(StepRef(stage="meta", round=number, key=f"{number}", prefix="p", files=()) for number in (1, 2))


def meta_rewarding(**train: object) -> Recipe:
    recipe = recipe_called("meta_rewarding")
    return recipe.model_copy(update={"train": recipe.train.model_copy(update=train)})


def rounds_of(recipe: Recipe, round: int) -> list[int]:
    made = tuple(step for step in MADE if step.round <= round)
    return [step.round for step in judge_pairs_of(recipe, made, round)]


@pytest.mark.parametrize(
    ("data", "by_round"),
    [
        ("this_round", {1: [1], 2: [2], 3: [], 4: []}),
        ("last_two_rounds", {1: [1], 2: [1, 2], 3: [], 4: []}),
        ("accumulate", {1: [1], 2: [1, 2], 3: [], 4: []}),
    ],
)
def test_the_paper_s_third_round_trains_on_no_pairs_of_judgements(data: str, by_round: dict[int, list[int]]) -> None:
    """Meta-Rewarding makes them in rounds 1 and 2."""
    recipe = meta_rewarding(data=data)
    assert {round: rounds_of(recipe, round) for round in by_round} == by_round


def test_a_phase_without_a_meta_stage_trains_on_none() -> None:
    recipe = meta_rewarding().model_copy(update={"meta": None})
    assert rounds_of(recipe, 2) == []


def test_an_objective_over_single_samples_trains_on_none() -> None:
    other = recipe_called("rest_em").train.objective
    assert rounds_of(meta_rewarding(objective=other), 2) == []
