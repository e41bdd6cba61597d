"""Samplers by the `kind` of a recipe's generate section, which is the name of a file in this folder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from configs.schema.generate import Generate
from configs.schema.kinds import load_kinds
from tasks.sample.episode import Sampler
from tasks.sample.samplers.given import Given

SAMPLERS: dict[str, Callable[[Any, Given], Sampler[Any]]] = load_kinds(Generate, "tasks.sample.samplers", "make")


def make_sampler(given: Given) -> Sampler[Any]:
    """The sampler of a recipe's generate section.

    Raises:
        RecipeError: a prompt is not there, or cannot be used where it stands.
    """
    config = given.recipe.generate
    return SAMPLERS[config.kind](config, given)
