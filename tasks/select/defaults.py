"""What a recipe's selection means in one round: schedules by round, default judges, the calibrated threshold. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from configs.errors import RecipeError
from configs.schema.around_generate import Guide
from configs.schema.generate import Generate
from configs.schema.judges.by_rule import WinRateJudge
from configs.schema.judges.kinds import Judge
from configs.schema.pair import Mixture, Pair, PairSection
from configs.schema.pair_rules import win_rate_judge
from configs.schema.recipe import Recipe
from configs.schema.select import HintShows, Select
from configs.schema.select_chains import Leaves
from tasks.select.filters.registry import filter_versions
from tasks.select.pairs.options import Chances
from tasks.select.pairs.registry import pair_versions

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
    show it, or a prompt of their own, go; where attempts are revised, those that were revised go, unless the recipe
    says which attempts stay."""
    own = recipe.select
    hints = (_hint_shows(recipe.guide),) if recipe.guide and recipe.guide.leak_words else ()
    has_own = any(part.kind == "leaves" for part in own)
    leaves = (Leaves(),) if recipe.generate.kind in ("revise", "prefix") and not has_own else ()
    return (*hints, *_draws_show(recipe.generate), *leaves, *own)


def _hint_shows(guide: Guide) -> HintShows:
    """The words of the help's own prompts are among those that show it; `leak_words: []` switches the filter off."""
    return HintShows(words=tuple(dict.fromkeys((*guide.leak_words, *PROMPT_WORDS[guide.kind]))))


def _draws_show(generate: Generate) -> tuple[HintShows, ...]:
    """Each draw with the words that give it away."""
    draws = generate.draws if generate.kind == "independent" else ()
    return tuple(HintShows(words=draw.words, draw=draw.name) for draw in draws if draw.words)


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


def in_round(pair: PairSection, round: int) -> Any:
    """The pair section with the values of one round: schedules begin with round 1, and their last value goes on."""
    return _of_each(pair, lambda maker: _in_round(maker, round))


def _in_round(pair: Pair, round: int) -> Pair:
    changes = {}
    for name in ("rho", "min_share"):
        schedule = getattr(pair, name, None)
        if schedule is not None:
            changes[name] = (schedule[min(max(round, 1), len(schedule)) - 1],)
    return pair.model_copy(update=changes)


def with_judge(pair: PairSection, judge_names: Sequence[str]) -> Any:
    """The pair section with the names of its judges: by default a kind takes the first judge, or the last, or none."""
    return _of_each(pair, lambda maker: _with_judge(maker, judge_names))


def _with_judge(pair: Pair, judge_names: Sequence[str]) -> Pair:
    if pair.judge is not None or not pair.asks_judge:
        return pair
    return pair.model_copy(update={"judge": judge_names[0 if pair.reads_first_judge else -1]})


def _of_each(pair: PairSection, change: Callable[[Pair], Pair]) -> Any:
    """The section with each of its kinds of pairs changed."""
    if not isinstance(pair, Mixture):
        return change(pair)
    return pair.model_copy(
        update={"sets": tuple(part.model_copy(update={"pair": change(part.pair)}) for part in pair.sets)}
    )


def chances_of(pair: PairSection, judges: Sequence[Judge]) -> list[Chances | None]:
    """What the pairs of each kind of the section carry: the chances to win that `win_rate` names, or that the pair's
    own judge gives; None: none."""
    known = {
        judge.name: Chances(judge.name, judge.of if judge.by == "scores" else None, judge.scale)
        for judge in judges
        if isinstance(judge, WinRateJudge)
    }
    names = [judge.name for judge in judges]
    return [known.get(win_rate_judge(maker, names)) if maker.sets_samples else None for maker in pair.makers()]


def judgements_read(recipe: Recipe) -> list[str]:
    """Judges whose judgements, and not only verdicts, are read: by pairs of judgements."""
    if recipe.pair is None:
        return []
    section = with_judge(recipe.pair, [judge.name for judge in recipe.judge])
    found = [maker.reads_judgements for maker in section.makers()]
    return list(dict.fromkeys(name for name in found if name is not None))


def rows_wanted(recipe: Recipe) -> int | None:
    """Rows that the steps of a round read, where a mixture of pairs is repeated for them."""
    train = recipe.train
    if not (isinstance(recipe.pair, Mixture) and recipe.pair.fill == "repeat") or train.max_steps is None:
        return None
    return train.max_steps * train.step_size


def versions_of(select: Sequence[Select], pair: PairSection | None) -> dict[str, int | str]:
    """Versions of the code that a list of filters and a pair section use, for step keys."""
    return filter_versions(select) | pair_versions(pair)
