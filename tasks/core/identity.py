"""What a recipe as a whole computes: its digest, and whether a stored one is the same. What makes a single step new
stands in the `stage.py` of each stage.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from configs.schema.marks import OUTSIDE, Content, Resolve, identity
from configs.schema.recipe import Recipe


def recipe_identity(recipe: Recipe, resolve: Resolve) -> Any:
    """What a recipe computes, whole. Names of its own models and steps stand for themselves.

    A learning-rate schedule that is planned over all rounds makes their number, elsewhere a `Horizon`, part of it. A
    phase is what its recipe computes, so that marks hold within `set` too.
    """
    trained = [recipe.for_learner(name).train for name in recipe.learners()]
    planned = recipe.rounds.max if any(train.carries_optimizer for train in trained) else None

    def resolve_outside(content: Content, value: Any, holder: BaseModel) -> Any:
        return resolve(content, value, holder) if content.names in OUTSIDE else value

    phases = [
        {"name": phase.name, "rounds": phase.rounds, **identity(recipe.of_phase(index), resolve_outside)}
        for index, phase in enumerate(recipe.phases)
    ]
    return {**identity(recipe, resolve_outside, "phases"), "phases": phases, "planned_rounds": planned}


def outside_contents(recipe: Recipe, resolve: Resolve) -> dict[str, str]:
    """Digests of all that a recipe names outside of itself, by kind and name. Kept with a stored recipe."""
    found: dict[str, str] = {}

    def remember(content: Content, value: Any, holder: BaseModel) -> Any:
        digest = resolve(content, value, holder)
        if digest is not None:
            found[_label(content, value, holder)] = digest
        return digest

    recipe_identity(recipe, remember)
    return found


def as_it_was(contents: Mapping[str, str]) -> Resolve:
    """Resolves names to what they named when `outside_contents` was asked."""
    return lambda content, value, holder: contents.get(_label(content, value, holder))


def _label(content: Content, value: Any, holder: BaseModel) -> str:
    revision = getattr(holder, "revision", None)
    return f"{content.names} {value}" + (f" at {revision}" if revision else "")
