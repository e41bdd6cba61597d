"""The judge stage: what every judge says of every sample; and what judges add to the keys of steps.

Besides their settings these are the models that answer, their engines, and versions of code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from configs.schema.judges.kinds import Judge
from configs.schema.marks import identity
from tasks.core.bench import Workbench
from tasks.core.files import HELD_OUT, JUDGEMENTS, SAMPLES, TRAIN_SET, VERDICTS
from tasks.core.refs import StepRef
from tasks.core.roles import Cast, role_identity
from tasks.core.stage import Stage
from tasks.core.step import StepSpec
from tasks.judge.ask import plan_passes
from tasks.judge.kinds.registry import component_versions, judges_needed

JUDGE = Stage(
    "judge",
    version=2,
    when=lambda recipe, _: recipe.online is None,
    config=lambda recipe, _: {"judge": recipe.judge},
    reads=(SAMPLES, TRAIN_SET, VERDICTS, *HELD_OUT.values()),
    gives=(VERDICTS, JUDGEMENTS),
    parts=lambda recipe: component_versions(recipe.judge),
    is_random=lambda recipe: any(judge.draws_at_random for judge in recipe.judge),
    loads="judges",
)


def specify(bench: Workbench, round: int, samples: StepRef, problems: StepRef, cast: Cast) -> StepSpec:
    """The judge step of a round."""
    recipe, inputs = bench.recipe, {"samples": samples, "problems": problems}
    asked = {judge.name: describe(bench, judge, cast) for judge in recipe.judge if judge.passes}
    told: dict[str, Any] = {"asked": asked} if asked else {}
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
        "engines": {one.asked.name: one.answerer(bench).identity["engine"] for one in passes},
    }
