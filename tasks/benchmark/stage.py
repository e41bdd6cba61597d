"""The benchmark stage: tasks that other people's numbers are of, and sets of one's own. It chooses nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from configs.schema.recipe import Recipe
from infra.engines.harness.run import installed_version
from tasks.benchmark.sets import verifier_of
from tasks.core.files import BENCHMARK_ITEMS, BENCHMARK_SCORES
from tasks.core.stage import Stage
from tasks.judge.kinds.registry import component_versions

CHAMPION = "benchmark_champion"
"""name among a round's steps, where the experiment ends with another champion than the round's candidate"""


def _config(recipe: Recipe, _: int) -> Mapping[str, Any]:
    found: dict[str, Any] = {"benchmarks": recipe.evaluate.benchmarks, "engine": recipe.engine}
    if sets := recipe.benchmark_sets():
        found["verifiers"] = {name: verifier_of(one, recipe).verifier for name, one in sets.items()}
        found["max_tokens"] = recipe.evaluate.max_tokens or recipe.episode.max_tokens
        found["stop"] = recipe.episode.stop
    return found


def _parts(recipe: Recipe) -> Mapping[str, int | str]:
    asked = recipe.evaluate.benchmarks
    harness = {} if asked and not asked.tasks else {"lm-eval": installed_version() or "not installed"}
    return {**harness, **component_versions([verifier_of(one, recipe) for one in recipe.benchmark_sets().values()])}


def _is_due(recipe: Recipe, round: int) -> bool:
    config = recipe.evaluate.benchmarks
    return config is not None and round % config.every == 0


BENCHMARK = Stage(
    "benchmark",
    version=1,
    config=_config,
    gives=(BENCHMARK_SCORES, BENCHMARK_ITEMS),
    parts=_parts,
    when=_is_due,
    loads="generator",
)
