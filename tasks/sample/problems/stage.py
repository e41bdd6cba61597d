"""The problems stage: the sets of the recipe, read once."""

from __future__ import annotations

from configs.schema.recipe import Recipe
from tasks.core.files import FEW_SHOT_SET, HELD_OUT, TRAIN_SET, WARM_START_SET
from tasks.core.stage import Stage
from tasks.sample.problems import arithmetic, builtin, gym, mapping


def _gym(recipe: Recipe) -> dict[str, int | str]:
    """Another release of reasoning-gym may draw other problems; other recipes have nothing to do with it."""
    few_shot = recipe.generate.few_shot
    sources = [recipe.problems.train, recipe.problems.select, recipe.problems.report]
    sources += [few_shot.source] if few_shot else []
    sources += [section.source for section in recipe.warm_starts().values()]
    return gym.versions() if any(source.kind == "reasoning_gym" for source in sources) else {}


PROBLEMS = Stage(
    "problems",
    version=1,
    config=lambda recipe, _: {
        "problems": recipe.problems,
        "warm_starts": {name: section.source for name, section in recipe.warm_starts().items()},
        **({"few_shot": recipe.generate.few_shot.source} if recipe.generate.few_shot else {}),
    },
    gives=(TRAIN_SET, WARM_START_SET, FEW_SHOT_SET, *HELD_OUT.values()),
    parts=lambda recipe: {
        "arithmetic": arithmetic.VERSION,
        "builtin": builtin.VERSION,
        "mapping": mapping.VERSION,
        **_gym(recipe),
    },
    is_random=lambda _: False,
)
