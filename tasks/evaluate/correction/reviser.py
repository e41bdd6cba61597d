"""How chains of held-out problems are drawn: the sampler of `generate.kind: revise`, of the model evaluated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from configs.errors import RecipeError
from configs.schema.generate import ReviseGenerate
from configs.schema.judges.by_rule import AnswerJudge
from configs.schema.judges.kinds import Judge
from configs.schema.recipe import Recipe
from configs.schema.revision.evaluated import PLACE, revision_evaluated, trees_evaluated
from tasks.core.answers import Answerer, Answers
from tasks.core.bench import Workbench
from tasks.core.prompts import names_used, read_prompt
from tasks.core.refs import ModelRef
from tasks.core.roles import Cast, role_answerer
from tasks.evaluate.run import PROBLEMS_PER_SHARD, evaluation_judge
from tasks.judge.stage import judging_identity
from tasks.sample.drive import Partners
from tasks.sample.episode import POLICY
from tasks.sample.partners import name_of, partners_of
from tasks.sample.revision.asking import PRIVILEGED, LoadedStep, load_steps
from tasks.sample.revision.judges import judges_asked
from tasks.sample.samplers.revise import Revise


@dataclass(frozen=True)
class Reviser:
    """Who revises, and who is asked on the way.

    Attributes:
        sampler: draws one chain a problem.
        trees: draws several, where they are asked for.
        judge: knows gold; what it says of attempts is only counted.
        writers: models beside the one evaluated, by name.
    """

    sampler: Revise
    trees: Revise | None
    judge: AnswerJudge
    writers: Mapping[str, Answerer]

    @property
    def further_judges(self) -> list[Judge]:
        """Those that gates and stops look at."""
        return [judge for judge in self.sampler.judges if judge is not self.judge]

    def identity(self, bench: Workbench, cast: Cast) -> dict[str, Any]:
        """What enters the step's key besides the recipe: the other writers, and the judges on the way."""
        return {
            "writers": {name: writer.identity for name, writer in self.writers.items()},
            "judging": judging_identity(bench, self.further_judges, cast),
        }

    def partners(self, bench: Workbench, model: ModelRef, cast: Cast, seed: int, answers: Answers) -> Partners:
        """Whom it asks."""
        found = partners_of(bench, model, cast, seed, answers, self.writers)
        return replace(found, shard_size=max(PROBLEMS_PER_SHARD, answers.shard_size))


def reviser_of(bench: Workbench, model: ModelRef, cast: Cast) -> Reviser | None:
    """What `evaluate.revise` asks for; None where it asks for nothing.

    The policy as it is in the round is the model evaluated, and a role's is what it was trained to.

    Raises:
        RecipeError: a prompt is not there, cannot be used, or shows what no model has at test time.
    """
    recipe = bench.recipe
    config = revision_evaluated(recipe)
    if config is None:
        return None
    judge = evaluation_judge(recipe)
    steps = _steps(recipe, config, bench)
    judges = judges_asked(config, steps, [judge, *(one for one in recipe.judge if one.name != judge.name)])
    writers = {
        writer.name: role_answerer(bench, writer.role, cast.player(writer.role, _state(writer.state)))
        for writer in config.writers
    }
    names = {POLICY: model.digest, **{name: name_of(writer) for name, writer in writers.items()}}
    asked = [judge, *(one for one in judges if one is not judge)]
    sampler = Revise(config, steps, asked, judge.name, names, fixed_seed=0)
    wide = trees_evaluated(recipe)
    trees = replace(sampler, config=wide, steps=_with_settings(steps, wide)) if wide else None
    return Reviser(sampler, trees, judge, writers)


def _with_settings(steps: Sequence[LoadedStep], config: ReviseGenerate) -> tuple[LoadedStep, ...]:
    return tuple(replace(step, config=settings) for step, settings in zip(steps, config.steps, strict=True))


def _state(state: str) -> str:
    return "live" if state == "round_start" else state


def _steps(recipe: Recipe, config: ReviseGenerate, bench: Workbench) -> Sequence[LoadedStep]:
    asked = recipe.evaluate.revise
    section = "generate" if asked is not None and asked.steps is None else PLACE
    for place, step in enumerate(config.steps):
        text = read_prompt(step.prompt, bench.base_dir) if step.prompt else ""
        if shown := sorted(names_used(text) & PRIVILEGED):
            raise RecipeError(
                f"{section}.steps.{place}.prompt: it shows '{shown[0]}', which no model has at test time, and "
                f"{PLACE} asks held-out problems by it",
                f"write {PLACE}.steps with prompts that leave it out",
            )
    return load_steps(config.steps, lambda name: read_prompt(name, bench.base_dir), f"{section}.steps")
