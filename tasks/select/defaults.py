"""What a recipe's selection means in one round: schedules by round, default judges, the calibrated threshold. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from configs.errors import RecipeError
from configs.schema.generate import Guide
from configs.schema.pair import Pair
from configs.schema.recipe import Recipe
from configs.schema.select import HintShows, Select
from configs.schema.select_chains import Leaves
from tasks.select.filters.registry import filter_versions
from tasks.select.pairs.registry import pair_versions

_FIRST_JUDGE = ("right_vs_wrong", "siblings", "stop_or_go")
PROMPT_WORDS = {
    "answer": ("hint",),
    "rationale": ("hint", "solution tags", "<solution>", "</solution>", "given solution", "solution given"),
    "state_reset": (),
    "interactive": (
        "hint",
        "the comment",
        "that comment",
        "the feedback",
        "that attempt",
        "my attempt",
        "previous attempt",
        "first attempt",
        "earlier attempt",
    ),
}
"""by kind of help: words of its own prompts (`configs/prompts`), by which a text shows that it has read them"""


def all_filters(recipe: Recipe) -> tuple[Select, ...]:
    """The filters of a recipe, with those that act before all others: where samples are drawn with help, those that
    show it go; where attempts are revised, those that were revised go, unless the recipe says which attempts stay."""
    own = recipe.select
    hints = (_hint_shows(recipe.guide),) if recipe.guide and recipe.guide.leak_words else ()
    has_own = any(part.kind == "leaves" for part in own)
    return (*hints, *((Leaves(),) if recipe.generate.kind in ("revise", "prefix") and not has_own else ()), *own)


def _hint_shows(guide: Guide) -> HintShows:
    """The words of the help's own prompts are among those that show it; `leak_words: []` switches the filter off."""
    return HintShows(words=tuple(dict.fromkeys((*guide.leak_words, *PROMPT_WORDS[guide.kind]))))


def fill_in_threshold(components: Sequence[Select], threshold: float | None) -> tuple[Select, ...]:
    """The components with the calibrated threshold as a number.

    Raises:
        RecipeError: a component wants it, and there is none.
    """
    return tuple(_fill_in(component, threshold) for component in components)


def _fill_in(component: Select, threshold: float | None) -> Any:
    if component.kind != "threshold" or component.above != "calibrated":
        return component
    if threshold is None:
        raise RecipeError(
            "select: above: calibrated needs the threshold that the round's calibration picked, and there is none",
            "write the threshold as a number to select on files",
        )
    return component.model_copy(update={"above": threshold})


def in_round(pair: Pair, round: int) -> Pair:
    """The pair section with the values of one round: schedules begin with round 1, and their last value goes on."""
    changes = {}
    for name in ("rho", "min_share"):
        schedule = getattr(pair, name, None)
        if schedule is not None:
            changes[name] = (schedule[min(max(round, 1), len(schedule)) - 1],)
    return pair.model_copy(update=changes)


def with_judge(pair: Pair, judge_names: Sequence[str]) -> Pair:
    """The pair section with its judge's name: right_vs_wrong takes the first judge by default, others the last."""
    if getattr(pair, "judge", "") is not None:
        return pair
    return pair.model_copy(update={"judge": judge_names[0 if pair.kind in _FIRST_JUDGE else -1]})


def versions_of(select: Sequence[Select], pair: Pair | None) -> dict[str, int | str]:
    """Versions of the code that a list of filters and a pair section use, for step keys."""
    return filter_versions(select) | pair_versions(pair)
