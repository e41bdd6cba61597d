"""The generate stage: samples of the round's problems."""

from __future__ import annotations

from tasks.core.files import HELD_OUT, SAMPLES, TRAIN_SET, VERDICTS
from tasks.core.stage import Stage
from tasks.sample.samplers.registry import sampler_versions

GENERATE = Stage(
    "generate",
    version=2,
    when=lambda recipe, _: recipe.online is None,
    config=lambda recipe, _: {"generate": recipe.generate, "engine": recipe.engine},
    reads=(TRAIN_SET,),
    gives=(SAMPLES, TRAIN_SET, VERDICTS, *HELD_OUT.values()),
    parts=sampler_versions,
    loads="generator",
)
"""problems come from a stepwise generator alone, verdicts from those that ask judges on the way"""
