"""Which rounds' pairs of judgements a round trains on (Meta-Rewarding, arXiv 2407.19594). Pure."""

from __future__ import annotations

from configs.schema.recipe import Recipe
from tasks.core.models import window
from tasks.core.refs import StepRef
from tasks.meta.stage import META


def judge_pairs_of(recipe: Recipe, steps: tuple[StepRef, ...], round: int) -> tuple[StepRef, ...]:
    """The meta steps that lie in the window of the round's data. A round that makes no pairs of judgements itself
    trains on none: those of a round before would teach the judge that the model was then.

    Args:
        recipe: of the round, as the model learns by it.
        steps: of all rounds so far that had a meta stage.
    """
    if recipe.train.objective.rows != "pairs" or not META.when(recipe, round):
        return ()
    return window(recipe.train.data, steps, round)
