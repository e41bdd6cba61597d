"""The meta stage: judgements are compared, and become pairs that judging is trained on."""

from __future__ import annotations

from tasks.core.files import JUDGEMENTS, PAIRS, SAMPLES, TRAIN_SET
from tasks.core.stage import Stage, without

META = Stage(
    "meta",
    version=3,
    config=lambda recipe, _: {
        "meta": without(recipe.meta, "rounds", "max_share"),  # whether a round has it, and how training mixes its pairs
    },
    reads=(JUDGEMENTS, SAMPLES, TRAIN_SET),
    gives=(PAIRS, JUDGEMENTS),
    when=lambda recipe, round: recipe.meta is not None and round <= (recipe.meta.rounds or round),
)
