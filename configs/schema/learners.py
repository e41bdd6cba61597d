"""The models that rounds train, each with the recipe as it learns by it, for the rules between sections."""

from __future__ import annotations

from configs.schema.role import POLICY
from configs.schema.sections import Sections


def learners_of(recipe: Sections) -> list[tuple[str, Sections]]:
    """Every model that rounds train, the policy first: the address of its `train`, and the recipe as it learns by it.

    A role's filters and pairs stand inside its `train`, the policy's beside it: `beside` says where.
    """
    places = ("train" if name == POLICY else f"roles.{name}.train" for name in recipe.learners())
    return [(place, recipe.for_learner(name)) for place, name in zip(places, recipe.learners(), strict=True)]


def beside(train: str, field: str) -> str:
    """Address of a learner's filters or pairs."""
    return field if train == "train" else f"{train}.{field}"
