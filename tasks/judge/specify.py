"""What a judge step's key depends on besides the recipe: who judges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from configs.schema.engine import RewardEngine
from configs.schema.judge import Judge, RewardModelJudge
from configs.schema.marks import identity
from tasks.core.bench import Workbench
from tasks.core.identity import judge_spec
from tasks.core.refs import StepRef
from tasks.core.roles import Cast, engine_identity, role_identity
from tasks.core.step import StepSpec
from tasks.judge.judge import component_versions
from tasks.judge.kinds import KINDS
from tasks.judge.now import judges_needed
from tasks.judge.passes import Pass, plan_passes


def specify(bench: Workbench, round: int, samples: StepRef, problems: StepRef, cast: Cast) -> StepSpec:
    """The judge step of a round."""
    asked = {judge.name: describe(bench, judge, cast) for judge in bench.recipe.judge if judge.kind in KINDS}
    return judge_spec(bench.recipe, bench.contents, round, samples, problems, asked)


def judging_identity(bench: Workbench, judges: Sequence[Judge], cast: Cast) -> dict[str, Any]:
    """What enters the key of another stage that asks judges: by name their settings, and what `describe` says."""
    needed = [part for judge in judges for part in (*judges_needed(judge, bench.recipe.judge), judge)]
    return {
        judge.name: {
            "settings": identity(judge, bench.contents),
            "versions": component_versions([judge]),
            **describe(bench, judge, cast),
        }
        for judge in needed
    }


def describe(bench: Workbench, judge: Judge, cast: Cast) -> dict[str, Any]:
    """What enters a key for a judge that asks a model, besides its settings: for each pass model and engine.

    Empty for judges by rule.
    """
    if judge.kind not in KINDS:
        return {}
    steps = plan_passes([judge], cast)
    return {
        "models": {step.part: role_identity(bench, step.judge.role, step.player) for step in steps},
        "engines": {step.part: _engine(bench, step) for step in steps},
    }


def _engine(bench: Workbench, step: Pass) -> Any:
    """The engine that answers: a reward model's own, or the role's."""
    if isinstance(step.judge, RewardModelJudge):
        engine = bench.recipe.roles[step.judge.role].engine
        return identity(engine if isinstance(engine, RewardEngine) else RewardEngine(), bench.contents)
    return engine_identity(bench, step.judge.role, step.player)
