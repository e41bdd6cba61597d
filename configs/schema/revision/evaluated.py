"""What `evaluate.revise` draws, from the recipe's sections, and its rules with them. Part of `recipe_rules.RULES`."""

from __future__ import annotations

from collections.abc import Iterator

from configs.schema.generate import ReviseGenerate
from configs.schema.judges.kinds import Judge
from configs.schema.revision.parts import Stop
from configs.schema.revision.rules import judges_named, steps_can_run
from configs.schema.revision.sampler import ReviseStep, check_steps
from configs.schema.sections import Sections

PLACE = "evaluate.revise"
VERIFIER = "evaluation"
"""name of the judge that knows gold while models are evaluated"""
_DRAW = ("temperature", "top_p", "top_k", "min_p")


def revision_evaluated(recipe: Sections) -> ReviseGenerate | None:
    """How chains of held-out problems are drawn: one first attempt by the model evaluated, one text a step."""
    asked = recipe.evaluate.revise
    if asked is None:
        return None
    steps, until = _steps_and_stops(recipe)
    return ReviseGenerate(
        num_samples=1,
        temperature=asked.temperature,
        max_tokens=recipe.evaluate.max_tokens or recipe.episode.max_tokens,
        stop=recipe.episode.stop,
        steps=steps,
        max_turns=asked.max_turns or max(_drawn(recipe).max_turns, 2),
        until=until,
    )


def trees_evaluated(recipe: Sections) -> ReviseGenerate | None:
    """How repair trees are drawn: several first attempts, and after each the steps several times over."""
    config, asked = revision_evaluated(recipe), recipe.evaluate.revise
    if config is None or asked is None or asked.trees is None:
        return None
    branching = next(place for place, step in enumerate(config.steps) if step.writers)
    steps = [
        step.model_copy(update={**dict.fromkeys(_DRAW), "num": asked.trees.num_repairs if place == branching else 1})
        for place, step in enumerate(config.steps)
    ]
    wide = {"num_samples": asked.trees.num_samples, "temperature": asked.trees.temperature, "max_turns": 2}
    return config.model_copy(update={**wide, "steps": tuple(steps)})


def evaluated_revision_fits(recipe: Sections) -> None:
    """Nothing, where held-out problems are not revised or can be; ValueError for the first field that does not fit."""
    asked = recipe.evaluate.revise
    if asked is None:
        return
    for problem in _problems_of_own(asked.steps or ()):
        raise ValueError(problem)
    taken = [VERIFIER, *(judge.name for judge in recipe.judge)]
    if asked.gate is not None and asked.gate.judge.name in taken:
        name = asked.gate.judge.name
        raise ValueError(f"{PLACE}.gate.judge.name: '{name}' is the name of another judge: give it its own")
    steps, until = _steps_and_stops(recipe)
    try:
        check_steps(steps, until, asked.temperature)
    except ValueError as error:
        raise ValueError(f"{PLACE}.{error}") from None
    config = revision_evaluated(recipe)
    assert config is not None
    steps_can_run(recipe, config, PLACE)
    for problem in _help(recipe, config):
        raise ValueError(problem)


def _drawn(recipe: Sections) -> ReviseGenerate:
    return recipe.episode if recipe.episode.kind == "revise" else ReviseGenerate()


def _steps_and_stops(recipe: Sections) -> tuple[tuple[ReviseStep, ...], tuple[Stop, ...]]:
    asked, drawn = recipe.evaluate.revise, _drawn(recipe)
    assert asked is not None
    stops = drawn.until if asked.steps is None else ()
    steps = tuple(map(_of_one_text, drawn.steps)) if asked.steps is None else asked.steps
    return steps, stops if asked.until is None else asked.until


def _of_one_text(step: ReviseStep) -> ReviseStep:
    """A step of generate where nothing is chosen from: one text, at the evaluation's temperature."""
    alone = {"num": 1, "also_by": (), "peers": 1, "keep": None, **dict.fromkeys(_DRAW)}
    return step.model_copy(update=alone)


def _problems_of_own(steps: tuple[ReviseStep, ...]) -> Iterator[str]:
    """What steps that are written here may not say."""
    for place, step in enumerate(steps):
        for field, is_there in (("num", step.num > 1), ("also_by", step.also_by), ("keep", step.keep),
                               ("peers", step.peers != 1)):  # fmt: skip
            if is_there:
                yield f"{PLACE}.steps.{place}.{field}: each problem has one chain here: leave it out"


def _help(recipe: Sections, config: ReviseGenerate) -> Iterator[str]:
    """What no model has at test time. Which names a prompt shows is known when it is read."""
    for place, step in enumerate(config.steps):
        if step.by in ("solution", "peer"):
            what = "the worked solution" if step.by == "solution" else "a right sibling"
            yield (f"{PLACE}.steps.{place}.by: {what} is not there at test time{_origin(recipe)}: "
                   "write by: policy, or steps without it")  # fmt: skip
    judges = {judge.name: judge for judge in recipe.judge}
    for address, name in judges_named(config):
        if name == VERIFIER:
            yield f"{PLACE}.{address}: '{name}' is what evaluation calls its own verifier: name the judge otherwise"
        if not address.endswith(".by") and _reads_gold(judges[name], judges):
            yield (f"{PLACE}.{address}: '{name}' compares with gold, which nobody can at test "
                   f"time{_origin(recipe)}: write {PLACE}.steps and until with the model's own verdicts, as in when: "
                   "{verdict: wrong}, or without a condition")  # fmt: skip


def _origin(recipe: Sections) -> str:
    """Where a step comes from that is not written here."""
    asked = recipe.evaluate.revise
    return " (it is generate's)" if asked is not None and asked.steps is None else ""


def _reads_gold(judge: Judge, judges: dict[str, Judge]) -> bool:
    return judge.reads_gold or any(_reads_gold(judges[name], judges) for name in judge.needed_judges)
