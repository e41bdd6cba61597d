"""Samplers by the `kind` of a recipe's generate section, which is the name of a file in this folder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from configs.schema.generate import Generate
from configs.schema.kinds import load_kinds
from configs.schema.recipe import Recipe
from tasks.sample.episode import Sampler
from tasks.sample.samplers.given import Given

SAMPLERS: dict[str, Callable[[Any, Given], Sampler[Any]]] = load_kinds(Generate, "tasks.sample.samplers", "make")

VERSIONS: dict[str, int] = {"stepwise": 2}
"""A sampler whose samples change gets the next number; without an entry: 1."""


def sampler_versions(recipe: Recipe) -> dict[str, int | str]:
    """Versions of the code that a recipe's generate section uses, for step keys."""
    kind = recipe.generate.kind
    return {f"sampler.{kind}": VERSIONS[kind]} if kind in VERSIONS else {}


def make_sampler(given: Given) -> Sampler[Any]:
    """The sampler of a recipe's generate section.

    Raises:
        RecipeError: a prompt is not there, or cannot be used where it stands.
    """
    config = given.recipe.generate
    return SAMPLERS[config.kind](config, given)
