"""Whom episodes of a stage ask: the policy, further roles, and judges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from configs.schema.judge import Judge
from tasks.core.answers import Answerer, Answers
from tasks.core.bench import Workbench
from tasks.core.records import Problem, Sample, Verdict
from tasks.core.refs import ModelRef
from tasks.core.roles import Cast, policy_answerer
from tasks.core.step import derive_seed
from tasks.judge.verdicts import judge_samples
from tasks.judge.world import World
from tasks.sample.drive import Partners
from tasks.sample.episode import POLICY


def partners_of(
    bench: Workbench, model: ModelRef, cast: Cast, seed: int, answers: Answers, **others: Answerer
) -> Partners:
    """The model that writes samples, the recipe's judges, and others by name.

    Args:
        seed: of the stage.
    """

    def judge(judge: Judge, samples: Sequence[Sample], problems: Mapping[str, Problem]) -> Iterable[Verdict]:
        world = World(problems, bench, cast, derive_seed(seed, "judge"), answers)
        return judge_samples(samples, [judge], world)

    return Partners(answers, {POLICY: policy_answerer(bench, model), **others}, judge)
