"""Rules between the draws of a problem and the other sections of a recipe. Part of `recipe_rules.RULES`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from configs.schema.draws.draw import AS_SAMPLED, HELPED, PLAIN, Draw
from configs.schema.generate import IndependentGenerate
from configs.schema.revision.parts import POLICY, State
from configs.schema.revision.rules import writers_are_there
from configs.schema.sections import Sections


def draws_fit(recipe: Sections) -> None:
    """Nothing, where `generate` is another sampler or its draws can run; ValueError for the first that cannot."""
    _origins_are_known(recipe)
    config = recipe.generate
    if config.kind != "independent":
        return
    asked = [(f"draws.{place}.role", draw.writer) for place, draw in enumerate(config.draws)]
    writers_are_there(recipe, asked, "generate")
    for rule in (_models_differ, _rows_have_one_chat):
        rule(recipe, config)


def _models_differ(recipe: Sections, config: IndependentGenerate) -> None:
    """Draws that differ in nothing but the state of the policy, in a round where both states are one model."""
    if recipe.warm_start is not None:
        return
    drawn = [
        (place, draw)
        for place, draw in enumerate(config.draws)
        if draw.role == POLICY and draw.texts_in(1, config.num_samples)
    ]
    for place, draw in drawn:
        for before, other in drawn:
            if before < place and other.state != draw.state and _asks_the_same(draw, other):
                raise ValueError(
                    f"generate.draws.{place}.state: in round 1 '{draw.state}' and '{other.state}' are the base, so "
                    f"that the draws '{other.name}' and '{draw.name}' would be of one model: add a warm_start, or "
                    "write num_samples: [0, 1] for one of them"
                )


def _asks_the_same(draw: Draw, other: Draw) -> bool:
    beside = {"name", "state", "num_samples", "strip", "leak_words", "stored_prompt"}
    return draw.model_dump(exclude=beside) == other.model_dump(exclude=beside)


def _rows_have_one_chat(recipe: Sections, config: IndependentGenerate) -> None:
    """The two sides of a pair, and the formats of a row, have one chat before them."""
    stored = {draw.stored_prompt or PLAIN for draw in config.draws}
    own = next(
        (place for place, draw in enumerate(config.draws) if draw.stored_prompt not in (None, PLAIN)), None
    )  # fmt: skip
    if own is None:
        return
    for learner in map(recipe.for_learner, recipe.learners()):
        if learner.pair is not None and (len(stored) > 1 or AS_SAMPLED in stored):
            raise ValueError(
                f"generate.draws.{own}.stored_prompt: both sides of a pair are trained under one chat, and draws have "
                "several: write plain, or the same prompt for all draws"
            )
        if learner.train.formats:
            raise ValueError(
                f"generate.draws.{own}.stored_prompt: train.formats say what training shows: leave one of them out"
            )


def _origins_are_known(recipe: Sections) -> None:
    """What judges and filters name by where it comes from."""
    known = {
        "draw": _draws(recipe),
        "state": set(get_args(State)),
        "role": {POLICY, *recipe.roles, "template", "solution", "peer"},
        "part": {"attempt", "step"},
    }
    for address, by, name in (*_named_by_judges(recipe), *_named_by_filters(recipe)):
        if name not in known[by]:
            raise ValueError(f"{address}: no sample has the {by} '{name}': write one of {', '.join(sorted(known[by]))}")


def _draws(recipe: Sections) -> set[str]:
    """Names of all draws that there can be."""
    own = {draw.name for draw in recipe.generate.draws} if recipe.generate.kind == "independent" else {PLAIN}
    return own | ({HELPED[recipe.guide.kind]} if recipe.guide is not None else set())


def _named_by_judges(recipe: Sections) -> Iterator[tuple[str, str, str]]:
    """Address, what it is the name of, and the name."""
    for place, judge in enumerate(recipe.judge):
        if judge.kind == "embedding" and judge.against.startswith("draw:"):
            yield f"judge.{place}.against", "draw", judge.against.removeprefix("draw:")
        if judge.kind == "provenance":
            yield from ((f"judge.{place}.scores", judge.by, name) for name in judge.scores)
        if judge.kind == "likelihood" and judge.under.startswith("draw:"):
            name = judge.under.removeprefix("draw:")
            if name == PLAIN:
                raise ValueError(f"judge.{place}.under: the draw '{PLAIN}' is asked the problem's chat: write {PLAIN}")
            yield f"judge.{place}.under", "draw", name


def _named_by_filters(recipe: Sections) -> Iterator[tuple[str, str, str]]:
    """As `_named_by_judges`; checks the judges that filters name by draw, too."""
    judges = [judge.name for judge in recipe.judge]
    for learner in recipe.learners():
        section = "select" if learner == POLICY else f"roles.{learner}.train.select"
        pair = section.replace("select", "pair")
        for maker in own.makers() if (own := recipe.for_learner(learner).pair) else ():
            yield from ((f"{pair}.by_writer", "role", name) for name in getattr(maker, "by_writer", None) or ())
        for place, part in enumerate(recipe.for_learner(learner).select):
            if part.kind == "hint_shows" and part.draw is not None:
                yield f"{section}.{place}.draw", "draw", part.draw
            by_draw: dict[str, Any] = getattr(part, "by_draw", {})
            for name, told in by_draw.items():
                yield f"{section}.{place}.by_draw", "draw", name
                for judge in (told,) if isinstance(told, str) else told:
                    if judge not in judges:
                        raise ValueError(f"{section}.{place}.by_draw: no judge is called '{judge}': write one of "
                                         f"{', '.join(sorted(judges))}")  # fmt: skip
