"""Samplers by the `kind` of a recipe's generate section."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from configs.schema.recipe import Recipe
from tasks.core.prompts import read_prompt
from tasks.sample.episode import Sampler
from tasks.sample.samplers.independent import Independent, draws_of
from tasks.sample.samplers.revise.make import make_revise
from tasks.sample.samplers.stepwise import Stepwise, pairwise_judge


@dataclass(frozen=True)
class Given:
    """What a sampler is made from, beside its section of the recipe.

    Attributes:
        model: digest of the model that plays in the round.
        temperature: what a calibration picked.
        others: digests of the models that write beside it (`generate.writers`), by name.
        base_dir: paths of prompts start here.
    """

    recipe: Recipe
    model: str
    temperature: float | None = None
    others: Mapping[str, str] = field(default_factory=dict)
    base_dir: Path = Path()

    def prompt(self, name: str) -> str:
        """Text of a prompt. Raises RecipeError where there is none."""
        return read_prompt(name, self.base_dir)


SAMPLERS: dict[str, Callable[[Any, Given], Sampler[Any]]] = {
    "independent": lambda config, given: Independent(draws_of(config, given.temperature), given.model),
    "stepwise": lambda config, given: Stepwise(config, pairwise_judge(given.recipe.judge), given.model),
    "revise": lambda config, given: make_revise(config, given.recipe, given.model, given.others, given.prompt),
}


def make_sampler(given: Given) -> Sampler[Any]:
    """The sampler of a recipe's generate section.

    Raises:
        RecipeError: a prompt is not there, or cannot be used where it stands.
    """
    config = given.recipe.generate
    return SAMPLERS[config.kind](config, given)
