"""The problems stage: the sets of the recipe, read once."""

from __future__ import annotations

from tasks.core.files import FEW_SHOT_SET, HELD_OUT, TRAIN_SET, WARM_START_SET
from tasks.core.stage import Stage
from tasks.sample.problems import arithmetic, builtin, mapping

PROBLEMS = Stage(
    "problems",
    version=1,
    config=lambda recipe, _: {
        "problems": recipe.problems,
        "warm_starts": {name: section.source for name, section in recipe.warm_starts().items()},
        **({"few_shot": recipe.generate.few_shot.source} if recipe.generate.few_shot else {}),
    },
    gives=(TRAIN_SET, WARM_START_SET, FEW_SHOT_SET, *HELD_OUT.values()),
    parts=lambda _: {"arithmetic": arithmetic.VERSION, "builtin": builtin.VERSION, "mapping": mapping.VERSION},
    is_random=lambda _: False,
)
