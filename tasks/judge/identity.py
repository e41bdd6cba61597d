"""What judges add to a step's key besides the recipe: who judges, texts of prompts, versions of code, outside files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from configs.schema.engine import RewardEngine
from configs.schema.judge import Judge
from tasks.core.bench import Workbench
from tasks.core.identity import NAMES_ONLY, judge_spec, settings
from tasks.core.refs import StepRef
from tasks.core.roles import Cast, role_identity
from tasks.core.step import StepSpec
from tasks.judge.kinds.registry import component_versions
from tasks.judge.world import PlannedPass, judges_needed, plan_passes
from tasks.sample.problems.outside import digest_sources
from tasks.sample.problems.run import fetcher


def specify(bench: Workbench, round: int, samples: StepRef, problems: StepRef, cast: Cast) -> StepSpec:
    """The judge step of a round."""
    asked = {judge.name: describe(bench, judge, cast) for judge in bench.recipe.judge if judge.passes}
    return judge_spec(bench.recipe, round, samples, problems, asked)


def judging_identity(bench: Workbench, judges: Sequence[Judge], cast: Cast) -> dict[str, Any]:
    """What enters the key of another stage that asks judges: by name their settings, and what `describe` says."""
    needed = [part for judge in judges for part in (*judges_needed(judge, bench.recipe.judge), judge)]
    return {
        judge.name: {
            "settings": settings(judge, *NAMES_ONLY),
            "versions": component_versions([judge]),
            **describe(bench, judge, cast),
        }
        for judge in needed
    }


def describe(bench: Workbench, judge: Judge, cast: Cast) -> dict[str, Any]:
    """What enters a key besides a judge's settings, by pass: model, engine, the prompt's text, content of files.

    Empty for judges by rule.
    """
    passes = plan_passes([judge], cast)
    sources = {one.asked.name: one.asked.about for one in passes if one.asked.about is not None}
    told: dict[str, Any] = {
        "models": {one.asked.name: role_identity(bench, one.asked.role, one.player) for one in passes},
        "engines": {one.asked.name: _engine(bench, one) for one in passes},
        "prompts": {one.asked.name: text for one in passes if (text := one.prompt(bench))},
        "sources": digest_sources(sources, bench.base_dir, fetcher(bench)),
    }
    return {name: what for name, what in told.items() if what}


def _engine(bench: Workbench, one: PlannedPass) -> Any:
    """Settings of the engine that answers; of a server only the model's name counts, which `models` holds."""
    role = None if one.player is not None else bench.recipe.roles[one.asked.role]
    engine = role.engine if role is not None else None
    if one.asked.wants == "rating":
        return settings(engine if isinstance(engine, RewardEngine) else RewardEngine())
    if engine is not None and engine.kind == "endpoint":
        return None
    return settings(engine or bench.recipe.engine)
