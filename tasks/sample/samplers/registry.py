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

VERSIONS: dict[str, int] = {"stepwise": 2}
"""A sampler whose samples change gets the next number; without an entry: 1."""


def sampler_versions(recipe: Recipe) -> dict[str, int | str]:
    """Versions of the code that a recipe's generate section uses, for step keys."""
    kind = recipe.generate.kind
    return {f"sampler.{kind}": VERSIONS[kind]} if kind in VERSIONS else {}


def make_sampler(recipe: Recipe, model: str, temperature: float | None = None) -> Sampler[Any]:
    """The sampler of a recipe's generate section."""
    return SAMPLERS[recipe.generate.kind](recipe.generate, recipe, model, temperature)
