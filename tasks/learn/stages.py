"""The stages that make models: the base, the warm start, and each round's training. Each is run for every model."""

from __future__ import annotations

from configs.schema.recipe import Recipe
from tasks.core.files import EXAMPLES, PAIRS, WARM_START_SET
from tasks.core.stage import Numbers, Stage, without

SCHEDULED = ("max_steps", "step_growth", "formats")
"""fields of `train` that enter as the round's schedule, and in the rows"""


class TrainNumbers(Numbers):
    """`end_step`: optimizer steps trained so far in a schedule carried through all rounds."""

    end_step: int = 0


def max_judge_share(recipe: Recipe) -> float | None:
    """Most judge pairs, as a share of all pairs."""
    return recipe.meta.max_share if recipe.meta else None


BASE = Stage("base", version=1, seed_path=lambda *_: ("base",), numbers=TrainNumbers)
"""which model it is, the task tells: the policy's base, or a role's"""

WARM_START = Stage(
    "warm_start",
    version=1,
    config=lambda recipe, _: {"warm_start": without(recipe.warm_start, "source")},
    reads=(WARM_START_SET,),
    when=lambda recipe, _: recipe.warm_start is not None,
    seed_path=lambda *_: ("seed",),
    loads="trainer",
)

OBJECTIVE_VERSIONS: dict[str, int] = {"dpo": 2, "weighted_dpo_nll": 2, "soft_label_dpo": 2, "kto": 2}
"""An objective that computes something else gets the next number; without an entry: 1."""


def objective_versions(recipe: Recipe) -> dict[str, int | str]:
    """Version of the code of a recipe's objective, for step keys."""
    kind = recipe.train.objective.kind
    return {f"objective.{kind}": OBJECTIVE_VERSIONS[kind]} if kind in OBJECTIVE_VERSIONS else {}


TRAIN = Stage(
    "train",
    version=1,
    when=lambda recipe, _: recipe.online is None,
    config=lambda recipe, _: {"train": without(recipe.train, *SCHEDULED)},
    parts=objective_versions,
    reads=(EXAMPLES, PAIRS, WARM_START_SET),
    loads="trainer",
    numbers=TrainNumbers,
)
