"""The models that rounds train, each with the recipe as it learns by it, for the rules between sections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

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


def readers_of_samples(recipe: Sections) -> Iterator[tuple[str, Any]]:
    """What chooses, writes and weighs rows for every model that rounds train, each with its address."""
    for train, own in learners_of(recipe):
        for name, parts in (("select", own.select), ("rows", own.rows)):
            yield from ((f"{beside(train, name)}.{place}", part) for place, part in enumerate(parts))
        yield beside(train, "weigh"), own.weigh
