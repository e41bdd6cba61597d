"""What a sampler is made from, beside its section of the recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from configs.schema.recipe import Recipe
from tasks.core.prompts import read_prompt


@dataclass(frozen=True)
class Given:
    """The recipe, and what only a run knows.

    Attributes:
        model: digest of the model that plays in the round.
        temperature: what a calibration picked.
        others: digests of the models that write beside it (`generate.writers`), by name.
        base_dir: paths of prompts start here.
        round: draws may be more or fewer in another.
    """

    recipe: Recipe
    model: str
    temperature: float | None = None
    others: Mapping[str, str] = field(default_factory=dict)
    base_dir: Path = Path()
    round: int = 1

    def prompt(self, name: str) -> str:
        """Text of a prompt. Raises RecipeError where there is none."""
        return read_prompt(name, self.base_dir)
