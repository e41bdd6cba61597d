"""What judges add to a step's key besides their settings: the models that answer, their engines, versions of code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from configs.schema.engine import RewardEngine
from configs.schema.judge import Judge
from configs.schema.marks import identity
from tasks.core.bench import Workbench
from tasks.core.refs import StepRef
from tasks.core.roles import Cast, engine_identity, role_identity
from tasks.core.step import StepSpec
from tasks.judge.kinds.registry import component_versions
from tasks.judge.stage import JUDGE
from tasks.judge.world import PlannedPass, judges_needed, plan_passes


def specify(bench: Workbench, round: int, samples: StepRef, problems: StepRef, cast: Cast) -> StepSpec:
    """The judge step of a round."""
    recipe, inputs = bench.recipe, {"samples": samples, "problems": problems}
    asked = {judge.name: describe(bench, judge, cast) for judge in recipe.judge if judge.passes}
    told: dict[str, Any] = {"asked": asked, "shard_size": recipe.generate.shard_size} if asked else {}
    return JUDGE.spec(recipe, bench.contents, round, inputs, **told)


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
    """What enters a key besides a judge's settings: by pass, model and engine. Empty for judges by rule."""
    passes = plan_passes([judge], cast)
    if not passes:
        return {}
    return {
        "models": {one.asked.name: role_identity(bench, one.asked.role, one.player) for one in passes},
        "engines": {one.asked.name: _engine(bench, one) for one in passes},
    }


def _engine(bench: Workbench, one: PlannedPass) -> Any:
    """The engine that answers: a reward model's own, or the role's."""
    if one.asked.wants == "rating":
        engine = bench.recipe.roles[one.asked.role].engine
        return identity(engine if isinstance(engine, RewardEngine) else RewardEngine(), bench.contents)
    return engine_identity(bench, one.asked.role, one.player)
