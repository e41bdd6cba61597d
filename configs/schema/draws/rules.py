"""Rules between the draws of a problem and the other sections of a recipe. Part of `recipe_rules.RULES`."""

from __future__ import annotations

from configs.schema.draws.draw import AS_SAMPLED, PLAIN, Draw
from configs.schema.generate import IndependentGenerate
from configs.schema.revision.parts import POLICY
from configs.schema.revision.rules import writers_are_there
from configs.schema.sections import Sections


def draws_fit(recipe: Sections) -> None:
    """Nothing, where `generate` is another sampler or its draws can run; ValueError for the first that cannot."""
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
