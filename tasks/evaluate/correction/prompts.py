"""The prompts of revisions, read before anything runs: of held-out problems they may show nothing that no model has at
test time. Called by `selfloop check`, by every plan, and where problems are revised."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from configs.errors import RecipeError
from configs.schema.generate import ReviseGenerate
from configs.schema.recipe import Recipe
from configs.schema.revision.evaluated import PLACE, revision_evaluated
from tasks.core.prompts import names_used, read_prompt
from tasks.sample.revision.asking import PRIVILEGED, LoadedStep, load_steps


def evaluated_steps(recipe: Recipe, config: ReviseGenerate, base_dir: Path) -> Sequence[LoadedStep]:
    """The steps that held-out problems are revised by, with their prompts.

    Args:
        config: of `revision_evaluated`.

    Raises:
        RecipeError: a prompt is not there, cannot be used, or shows what no model has at test time.
    """
    asked = recipe.evaluate.revise
    section = "generate" if asked is not None and asked.steps is None else PLACE
    for place, step in enumerate(config.steps):
        text = read_prompt(step.prompt, base_dir) if step.prompt else ""
        if shown := sorted(names_used(text) & PRIVILEGED):
            raise RecipeError(
                f"{section}.steps.{place}.prompt: it shows '{shown[0]}', which no model has at test time, and "
                f"{PLACE} asks held-out problems by it",
                f"write {PLACE}.steps with prompts that leave it out",
            )
    return load_steps(config.steps, lambda name: read_prompt(name, base_dir), f"{section}.steps")


def check_revisions(recipe: Recipe, base_dir: Path) -> None:
    """Nothing, where the prompts of all revisions of a recipe, in every phase, can be used; errors as
    `evaluated_steps`."""
    for stay in [recipe.of_phase(index) for index in range(len(recipe.phases))] or [recipe]:
        if stay.generate.kind == "revise":
            load_steps(stay.generate.steps, lambda name: read_prompt(name, base_dir))
        if (config := revision_evaluated(stay)) is not None:
            evaluated_steps(stay, config, base_dir)
