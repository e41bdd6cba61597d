"""What a judge step's key depends on besides the recipe: prompts' texts, who judges, and outside files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from configs.schema.engine import RewardEngine
from configs.schema.judge import ImportanceJudge, Judge, RewardModelJudge
from tasks.core.bench import Workbench
from tasks.core.identity import NAMES_ONLY, judge_spec, settings
from tasks.core.refs import StepRef
from tasks.core.roles import Cast, role_identity
from tasks.core.step import StepSpec
from tasks.judge.importance import TRUSTED
from tasks.judge.judge import component_versions
from tasks.judge.kinds import KINDS
from tasks.judge.now import judges_needed
from tasks.judge.passes import Pass, plan_passes
from tasks.judge.run import fetcher, prompt_text
from tasks.sample.problems.outside import digest_sources


def specify(bench: Workbench, round: int, samples: StepRef, problems: StepRef, cast: Cast) -> StepSpec:
    """The judge step of a round."""
    asked = {judge.name: describe(bench, judge, cast) for judge in bench.recipe.judge if judge.kind in KINDS}
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
    """What enters a key for a judge that asks a model: its prompt's text, and for each pass model and engine.

    Empty for judges by rule.
    """
    if judge.kind not in KINDS:
        return {}
    steps = plan_passes([judge], cast)
    told: dict[str, Any] = {
        "models": {step.part: role_identity(bench, step.judge.role, step.player) for step in steps},
        "engines": {step.part: _engine(bench, step) for step in steps},
    }
    if text := prompt_text(bench, judge):
        told["prompt"] = text
    if isinstance(judge, ImportanceJudge):
        told["trusted"] = digest_sources({TRUSTED: judge.trusted}, bench.base_dir, fetcher(bench))
    return told


def _engine(bench: Workbench, step: Pass) -> Any:
    """Settings of the engine that answers; of a server only the model's name counts, which `models` holds."""
    role = bench.recipe.roles.get(step.judge.role)
    engine = role.engine if role is not None else None
    if isinstance(step.judge, RewardModelJudge):
        return settings(engine if isinstance(engine, RewardEngine) else RewardEngine())
    if engine is not None and engine.kind == "endpoint":
        return None
    return settings(engine or bench.recipe.engine)
