"""The monitor stage: what a round drew, judged and kept, measured."""

from __future__ import annotations

from tasks.core.files import EXAMPLES, HELD_OUT, JUDGEMENTS, PAIRS, SAMPLES, TRAIN_SET, VERDICTS, Table
from tasks.core.stage import Stage
from tasks.judge.verifiers.registry import verifier_versions
from tasks.monitor.difficulty import PassRate

PASS_RATES = Table("pass_rates.parquet", PassRate)

MONITOR = Stage(
    "monitor",
    version=2,
    config=lambda recipe, _: {"verifier": recipe.verifier_for_gold()},
    reads=(SAMPLES, VERDICTS, JUDGEMENTS, EXAMPLES, PAIRS, TRAIN_SET, *HELD_OUT.values(), PASS_RATES),
    gives=(PASS_RATES,),
    parts=lambda recipe: verifier_versions(recipe.verifier_for_gold()),
)
"""judges and components of select enter through the keys of the steps they made"""
