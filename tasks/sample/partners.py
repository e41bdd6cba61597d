"""Whom episodes of a stage ask: the policy, further roles, and judges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from configs.schema.judges.kinds import Judge
from configs.schema.recipe import Recipe
from tasks.core.answers import Answerer, Answers
from tasks.core.bench import Workbench
from tasks.core.records import Problem, Sample, Verdict
from tasks.core.refs import ModelRef
from tasks.core.roles import Cast, policy_answerer, role_answerer
from tasks.core.step import StepSpec, derive_seed
from tasks.judge.verdicts import judge_samples
from tasks.judge.world import World
from tasks.sample.drive import Partners, TextSource
from tasks.sample.episode import POLICY
from tasks.sample.interpreter.tool import Tool


def writers_of(bench: Workbench, cast: Cast) -> dict[str, Answerer]:
    """The models that write texts in the generate stage beside the policy as it is in the round, by name."""
    return {
        writer.name: role_answerer(bench, writer.role, cast.player(writer.role, writer.state))
        for writer in bench.recipe.episode.writers
    }


def places_of(bench: Workbench, spec: StepSpec, answers: Answers) -> dict[str, Answers]:
    """Where the answers of writers lie that are not asked anew: in round 1's."""
    first = replace(answers, place=replace(spec, round=1).answers)
    return {writer.name: first for writer in bench.recipe.episode.writers if not writer.redraw}


def name_of(who: Answerer) -> str:
    """Digest of the model that answers, or the name that a server has for it."""
    model = who.identity["model"]
    return str(model["endpoint_model"] if isinstance(model, dict) else model)


def partners_of(
    bench: Workbench,
    model: ModelRef,
    cast: Cast,
    seed: int,
    answers: Answers,
    others: Mapping[str, Answerer] | None = None,
    places: Mapping[str, TextSource] | None = None,
) -> Partners:
    """The model that writes samples, the recipe's judges, and others by name.

    Args:
        seed: of the stage.
        places: by name of an answerer, what gives its texts; default: `answers`.
    """

    def judge(judge: Judge, samples: Sequence[Sample], problems: Mapping[str, Problem]) -> Iterable[Verdict]:
        world = World(problems, bench, cast, derive_seed(seed, "judge"), answers)
        return judge_samples(samples, [judge], world)

    answerers = {POLICY: policy_answerer(bench, model), **(others or {})}
    return Partners(answers, answerers, judge, places=places or {}, tool=tool_of(bench.recipe))


def tool_of(recipe: Recipe) -> Tool | None:
    """What runs blocks of code that the policy writes; None where nothing does."""
    config = recipe.interpreter
    return Tool(config) if config is not None else None
