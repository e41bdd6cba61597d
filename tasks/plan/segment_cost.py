"""What a segment of online training draws, by purpose, and what of it can be expected to teach something. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from statistics import fmean

from configs.schema.online.derived import Derived
from configs.schema.online.section import Online
from configs.schema.recipe import Recipe
from tasks.online.probe import is_due, most_probed
from tasks.online.refill import chance_to_teach
from tasks.online.size import derived_rows
from tasks.online.stage import waves_of
from tasks.sample.draws.waves import expected_draws

DERIVED = "for derived rows, at most"
VOTING = "to vote"
PROBING = "to probe"
BESIDE = (DERIVED, VOTING, PROBING)
"""what is drawn beside the groups that waves train on"""


def draws_beside(recipe: Recipe, num_train: int, round: int) -> dict[str, int]:
    """Texts that a segment draws beside those of its groups, by purpose; none of a round that is no segment.

    Groups that are drawn over are no part of it.

    Args:
        recipe: of the round.
        num_train: problems of the train set.
    """
    online = recipe.online
    if online is None:
        return {}
    votes = sum(getattr(judge, "electorate", "own") == "teacher" for judge in recipe.judge)
    return {
        DERIVED: waves_of(recipe) * sum(_derived(made, online) for made in online.derived),
        VOTING: votes * waves_of(recipe) * online.groups_of_draw * int(texts_of_group(recipe, round)),
        PROBING: _probed(recipe, num_train) * _probes(recipe, round),
    }


def drawn_over(recipe: Recipe, num_train: int, round: int) -> int:
    """Further texts that a segment draws in place of flat groups, at most, those of voters too. No problem comes twice
    in a wave."""
    online = recipe.online
    if online is None or online.flat_groups == "keep":
        return 0
    left = num_train - _probed(recipe, num_train) - online.groups_of_draw
    groups = max(min(online.max_extra_waves * online.groups_of_draw, left), 0)
    votes = sum(getattr(judge, "electorate", "own") == "teacher" for judge in recipe.judge)
    return (1 + votes) * waves_of(recipe) * groups * int(texts_of_group(recipe, round))


def texts_of_group(recipe: Recipe, round: int, rates: Sequence[float] = ()) -> float:
    """Texts that a group draws, in the mean; the most it can be, where episodes are revised.

    Args:
        rates: how often the problems of a round were solved. Where draws stop once enough are right, they say after how
            many; without them the most it can be is told.
    """
    episode = recipe.episode
    if episode.kind != "independent":
        return episode.most_texts if episode.kind == "revise" else episode.num_samples
    most = episode.texts_in(round)
    if episode.stopping is None or not rates:
        return most
    return fmean(_expected_draws(episode.stopping, most, rate) for rate in rates)


_expected_draws = lru_cache(maxsize=4096)(expected_draws)
"""rates are shares of a few draws: the same come again and again"""


def segment_lines(recipes: Mapping[int, Recipe], num_train: int) -> Iterator[str]:
    """Waves of the new segments, and how many of their groups can be expected to teach something.

    Args:
        recipes: by round.
    """
    first = next(iter(recipes.values()), None)
    if first is None or (online := first.online) is None:
        return
    waves, size = sum(map(waves_of, recipes.values())), online.group_size
    yield f"waves             {waves:,} of {online.problems_per_wave} groups of {size}"
    if online.derived:
        yield f"derived           {derived_rows(online):,} further rows a wave at most"
    if online.flat_groups == "drop":
        rates = ", ".join(f"{chance_to_teach(rate, size):.0%} at {rate:.0%}" for rate in (0.05, 0.25, 0.5, 0.9))
        over = sum(drawn_over(recipe, num_train, number) for number, recipe in recipes.items())
        most = f"{over:,} further texts at most"
        yield f"informative       groups, by their problem's pass rate: {rates}; others are drawn over, {most}"


def _derived(made: Derived, online: Online) -> int:
    """Texts of a wave; copies are of texts that are there."""
    if made.kind == "attempts":
        return made.count * online.problems_per_wave
    if made.kind == "verdicts":
        return made.count * round(made.share * online.problems_per_wave * online.group_size)
    return 0


def _probed(recipe: Recipe, num_train: int) -> int:
    """Problems that are set aside for the probe."""
    online = recipe.online
    is_known = recipe.answer_judge() is not None or recipe.evaluate.verifier is not None
    if online is None or online.probe is None or not is_known:
        return 0
    return most_probed(online.probe, num_train)


def _probes(recipe: Recipe, round: int) -> int:
    """How often a segment probes, where the segments before it were whole."""
    online, steps = recipe.online, recipe.train.max_steps or 0
    if online is None or online.probe is None:
        return 0
    begin = (round - 1) * steps if recipe.train.start_from == "previous_with_optimizer" else 0
    every, size = online.probe.every_steps, online.steps_of_wave
    return sum(is_due(begin + done, every, size) for done in range(0, steps, size))
