"""Rules that hold a recipe's phases to each other, once each of them is sound. Called by `load.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from configs.schema.recipe import Recipe


def phase_mistakes(recipe: Recipe) -> Iterator[str]:
    """What is wrong with the phases, each with its address.

    Args:
        recipe: each of its phases makes a sound recipe.
    """
    if not recipe.phases:
        yield from _unknown_models(recipe, (), "")
    judging = [_judging(recipe.of_phase(index)) for index in range(len(recipe.phases))]
    for index, phase in enumerate(recipe.phases):
        own, place = recipe.of_phase(index), f"phases.{index}.set ({phase.name}): "
        earlier = tuple(before.name for before in recipe.phases[:index])
        yield from _unknown_models(own, earlier, place)
        if _beginnings(own) != _beginnings(recipe):
            yield f"{place}roles: like, model and warm_start of a role belong to round 0: write them in the recipe"
        if own.generate.few_shot is not None and _shown(own) != _shown(recipe):
            yield (
                f"{place}generate.few_shot.source: round 0 reads it, before any phase: write generate.few_shot in the "
                "recipe, and few_shot: null in the phases that show nothing"
            )
        if judging[index] != judging[0]:
            yield (
                f"{place}evaluate: phases have to be evaluated alike, or the gate compares two things: write "
                "evaluate.max_tokens and evaluate.verifier in the recipe, and leave generate.stop as it is"
            )


def _unknown_models(recipe: Recipe, earlier: tuple[str, ...], place: str) -> Iterator[str]:
    for name in recipe.learners():
        train, section = recipe.for_learner(name).train, "train" if name == "policy" else f"roles.{name}.train"
        for field, start in (("start_from", train.start_from), ("reference", train.reference)):
            if start.startswith("phase:") and start.removeprefix("phase:") not in earlier:
                known = ", ".join(f"phase:{one}" for one in earlier)
                fix = f"write {known}, previous or base" if known else "none is earlier: write previous or base"
                yield f"{place}{section}.{field}: {start} is no earlier phase: {fix}"


def _beginnings(recipe: Recipe) -> dict[str, Any]:
    """How the roles with states begin."""
    begun = {"like", "model", "warm_start"}
    return {name: recipe.roles[name].model_dump(include=begun) for name in recipe.chains()}


def _shown(recipe: Recipe) -> Any:
    """Where examples come from."""
    return recipe.generate.few_shot and recipe.generate.few_shot.source


def _judging(recipe: Recipe) -> tuple[Any, ...]:
    """What accuracy is measured by."""
    tokens = recipe.evaluate.max_tokens or recipe.episode.max_tokens
    return recipe.verifier_for_gold(), tokens, recipe.episode.stop
