"""The invent stage: problems that the model writes itself."""

from __future__ import annotations

from tasks.core.files import HELD_OUT, TRAIN_SET
from tasks.core.stage import Stage

INVENT = Stage(
    "invent",
    version=1,
    config=lambda recipe, _: {"invent": recipe.invent, "engine": recipe.engine},
    reads=(TRAIN_SET, *HELD_OUT.values()),
    gives=(TRAIN_SET, *HELD_OUT.values()),
    when=lambda recipe, _: recipe.invent is not None,
    loads="generator",
)
