"""The segment stage: a round that trains on what it draws, in place of generate to train."""

from __future__ import annotations

from collections.abc import Mapping

from configs.schema.recipe import Recipe
from tasks.core.files import (
    CREDIT,
    DROPS,
    EXAMPLES,
    JUDGEMENTS,
    REWARDS,
    SAMPLES,
    TOKEN_ROWS,
    TRAIN_SET,
    VERDICTS,
)
from tasks.core.stage import Stage, without
from tasks.core.step import Summary
from tasks.judge.kinds.registry import component_versions
from tasks.learn.stages import TrainNumbers
from tasks.sample.samplers.registry import VERSIONS as SAMPLER_VERSIONS

WAVES_FILE = "waves.jsonl"
METRICS_FILE = "metrics.jsonl"


class SegmentNumbers(TrainNumbers):
    """What a segment did; the numbers that a select step says of what it kept are among them.

    Attributes:
        num_rows: texts that were trained on; 0 where no wave could be filled.
        num_steps: optimizer steps.
        ended: why it ended before its last step, empty where it did not.
    """

    num_samples: int
    num_kept: int
    num_rows: int
    num_steps: int
    ended: str = ""

    @classmethod
    def expected(cls, recipe: Recipe) -> Summary | None:
        if recipe.online is None:
            return {}
        drawn = waves_of(recipe) * recipe.online.groups_of_draw * recipe.online.group_size
        steps = recipe.train.max_steps or 0
        return {"num_samples": drawn, "num_kept": drawn, "num_rows": drawn, "num_steps": steps, "end_step": steps}


def waves_of(recipe: Recipe) -> int:
    """Waves of a segment."""
    assert recipe.online is not None and recipe.train.max_steps is not None, "the recipe was checked for it"
    return recipe.train.max_steps // recipe.online.steps_of_wave


def _parts(recipe: Recipe) -> Mapping[str, int | str]:
    kind = recipe.episode.kind
    sampler = {f"sampler.{kind}": SAMPLER_VERSIONS[kind]} if kind in SAMPLER_VERSIONS else {}
    return {**component_versions(recipe.judge), **sampler}


SEGMENT = Stage(
    "segment",
    version=3,
    config=lambda recipe, _: {
        "online": recipe.online,
        "judge": recipe.judge,
        "train": without(recipe.train, "max_steps", "step_growth", "formats"),
        "engine": recipe.engine,
        "guards": ending_guards(recipe),
    },
    reads=(TRAIN_SET,),
    gives=(SAMPLES, VERDICTS, JUDGEMENTS, REWARDS, CREDIT, TOKEN_ROWS, DROPS, EXAMPLES),
    parts=_parts,
    when=lambda recipe, _: recipe.online is not None,
    loads="trainer",
    numbers=SegmentNumbers,
)


def ending_guards(recipe: Recipe) -> list[object]:
    """The guards that can end a segment, which decide its weights."""
    return [guard for guard in recipe.guards_of_round if guard.num_waves is not None]
