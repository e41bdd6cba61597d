"""Whom episodes of a stage ask: the policy, further roles, and judges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from configs.schema.judges.kinds import Judge
from tasks.core.answers import Answerer, Answers
from tasks.core.bench import Workbench
from tasks.core.records import Problem, Sample, Verdict
from tasks.core.refs import ModelRef
from tasks.core.roles import Cast, policy_answerer, role_answerer
from tasks.core.step import StepSpec, derive_seed
from tasks.judge.verdicts import judge_samples
from tasks.judge.world import World
from tasks.sample.drive import Partners
from tasks.sample.episode import POLICY


def writers_of(bench: Workbench, cast: Cast) -> dict[str, Answerer]:
    """The models that write texts in the generate stage beside the policy as it is in the round, by name."""
    return {
        writer.name: role_answerer(bench, writer.role, cast.player(writer.role, writer.state))
        for writer in bench.recipe.generate.writers
    }


def places_of(bench: Workbench, spec: StepSpec, answers: Answers) -> dict[str, Answers]:
    """Where the answers of writers lie that are not asked anew: in round 1's."""
    first = replace(answers, place=replace(spec, round=1).answers)
    return {writer.name: first for writer in bench.recipe.generate.writers if not writer.redraw}


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
    places: Mapping[str, Answers] | None = None,
) -> Partners:
    """The model that writes samples, the recipe's judges, and others by name.

    Args:
        seed: of the stage.
        places: by name of an answerer, where its answers are looked up and kept; default: `answers`.
    """

    def judge(judge: Judge, samples: Sequence[Sample], problems: Mapping[str, Problem]) -> Iterable[Verdict]:
        world = World(problems, bench, cast, derive_seed(seed, "judge"), answers)
        return judge_samples(samples, [judge], world)

    return Partners(answers, {POLICY: policy_answerer(bench, model), **(others or {})}, judge, places=places or {})
