"""The guide stage: more samples, with help, of problems that were solved too rarely."""

from __future__ import annotations

from tasks.core.files import FEEDBACK, SAMPLES, TRAIN_SET, VERDICTS
from tasks.core.stage import Stage, without
from tasks.sample.shots import shots_told

GUIDE = Stage(
    "guide",
    version=2,
    config=lambda recipe, _: {
        "guide": without(recipe.guide, "prompt", "leak_words"),  # select reads the words; prompts enter as their texts
        "generate": recipe.generate.sampling(),
        "engine": recipe.engine,
        **shots_told(recipe),
    },
    reads=(TRAIN_SET, SAMPLES, VERDICTS),
    gives=(SAMPLES, VERDICTS, FEEDBACK),
    when=lambda recipe, _: recipe.guide is not None,
)
