"""Samplers by the `kind` of a recipe's generate section."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from configs.schema.recipe import Recipe
from tasks.sample.episode import Sampler
from tasks.sample.samplers.independent import Independent, draws_of
from tasks.sample.samplers.stepwise import Stepwise, pairwise_judge

Make = Callable[[Any, Recipe, str, float | None], Sampler[Any]]
"""From the section, the recipe, the digest of the model that writes, and the temperature that a calibration picked."""

SAMPLERS: dict[str, Make] = {
    "independent": lambda config, recipe, model, temperature: Independent(draws_of(config, temperature), model),
    "stepwise": lambda config, recipe, model, _: Stepwise(config, pairwise_judge(recipe.judge), model),
}

VERSIONS: dict[str, int] = {"stepwise": 2}
"""A sampler whose samples change gets the next number; without an entry: 1."""


def sampler_versions(recipe: Recipe) -> dict[str, int | str]:
    """Versions of the code that a recipe's generate section uses, for step keys."""
    kind = recipe.generate.kind
    return {f"sampler.{kind}": VERSIONS[kind]} if kind in VERSIONS else {}


def make_sampler(recipe: Recipe, model: str, temperature: float | None = None) -> Sampler[Any]:
    """The sampler of a recipe's generate section."""
    return SAMPLERS[recipe.generate.kind](recipe.generate, recipe, model, temperature)
