"""What a sampler is made from, beside its section of the recipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from configs.schema.recipe import Recipe
from tasks.core.prompts import read_prompt
from tasks.core.records import Sample


@dataclass(frozen=True)
class Given:
    """The recipe, and what only a run knows.

    Attributes:
        model: digest of the model that plays in the round.
        temperature: what a calibration picked.
        others: digests of the models that write beside it (`generate.writers`), by name.
        base_dir: paths of prompts start here.
        round: draws may be more or fewer in another.
        pool: attempts of the rounds before, by problem, where the recipe revises them too.
    """

    recipe: Recipe
    model: str
    temperature: float | None = None
    others: Mapping[str, str] = field(default_factory=dict)
    base_dir: Path = Path()
    round: int = 1
    pool: Mapping[str, Sequence[Sample]] = field(default_factory=dict)

    def prompt(self, name: str) -> str:
        """Text of a prompt. Raises RecipeError where there is none."""
        return read_prompt(name, self.base_dir)
