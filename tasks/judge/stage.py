"""The judge stage: what every judge says of every sample."""

from __future__ import annotations

from tasks.core.files import HELD_OUT, JUDGEMENTS, SAMPLES, TRAIN_SET, VERDICTS
from tasks.core.stage import Stage
from tasks.judge.kinds.registry import component_versions

JUDGE = Stage(
    "judge",
    version=1,
    config=lambda recipe, _: {"judge": recipe.judge},
    reads=(SAMPLES, TRAIN_SET, VERDICTS, *HELD_OUT.values()),
    gives=(VERDICTS, JUDGEMENTS),
    parts=lambda recipe: component_versions(recipe.judge),
    is_random=lambda recipe: any(judge.draws_at_random for judge in recipe.judge),
    loads="judges",
)
