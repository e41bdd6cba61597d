"""Samplers by the `kind` of a recipe's generate section, which is the name of a file in this folder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from configs.schema.generate import Generate
from configs.schema.kinds import load_kinds
from configs.schema.recipe import Recipe
from tasks.sample.episode import Sampler

Make = Callable[[Any, Recipe, str, float | None], Sampler[Any]]
"""From the section, the recipe, the digest of the model that writes, and the temperature that a calibration picked."""

SAMPLERS: dict[str, Make] = load_kinds(Generate, "tasks.sample.samplers", "make")


def make_sampler(recipe: Recipe, model: str, temperature: float | None = None) -> Sampler[Any]:
    """The sampler of a recipe's generate section."""
    return SAMPLERS[recipe.generate.kind](recipe.generate, recipe, model, temperature)
