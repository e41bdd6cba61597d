"""The monitor stage: what a round drew, judged and kept, measured."""

from __future__ import annotations

from tasks.core.files import EXAMPLES, HELD_OUT, JUDGEMENTS, PAIRS, SAMPLES, TRAIN_SET, VERDICTS, WARM_START_SET, Table
from tasks.core.stage import Stage, without
from tasks.judge.verifiers.registry import verifier_versions
from tasks.monitor.difficulty import PassRate

PASS_RATES = Table("pass_rates.parquet", PassRate)

MONITOR = Stage(
    "monitor",
    version=3,
    config=lambda recipe, _: {
        "verifier": recipe.verifier_for_gold(),
        "with_seed_data": recipe.train.with_seed_data,
        "replay": recipe.train.replay and without(recipe.train.replay, "share"),
    },
    reads=(SAMPLES, VERDICTS, JUDGEMENTS, EXAMPLES, PAIRS, TRAIN_SET, WARM_START_SET, *HELD_OUT.values(), PASS_RATES),
    gives=(PASS_RATES,),
    parts=lambda recipe: verifier_versions(recipe.verifier_for_gold()),
)
"""judges and components of select enter through the keys of the steps they made"""
