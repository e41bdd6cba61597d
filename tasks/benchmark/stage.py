"""The benchmark stage: tasks that other people's numbers are of. It chooses nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from configs.schema.recipe import Recipe
from infra.engines.harness.run import installed_version
from tasks.core.files import BENCHMARK_ITEMS, BENCHMARK_SCORES
from tasks.core.stage import Stage

CHAMPION = "benchmark_champion"
"""name among a round's steps, where the experiment ends with another champion than the round's candidate"""


def _config(recipe: Recipe, _: int) -> Mapping[str, Any]:
    return {"benchmarks": recipe.evaluate.benchmarks, "engine": recipe.engine}


def _is_due(recipe: Recipe, round: int) -> bool:
    config = recipe.evaluate.benchmarks
    return config is not None and round % config.every == 0


BENCHMARK = Stage(
    "benchmark",
    version=1,
    config=_config,
    gives=(BENCHMARK_SCORES, BENCHMARK_ITEMS),
    parts=lambda _: {"lm-eval": installed_version() or "not installed"},
    when=_is_due,
    loads="generator",
)
