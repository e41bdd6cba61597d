"""The problems stage: the sets of the recipe, read once."""

from __future__ import annotations

from typing import Any

from configs.schema.problems import Source
from configs.schema.recipe import Recipe
from tasks.core.files import FEW_SHOT_SET, HELD_OUT, TRAIN_SET, WARM_START_SET
from tasks.core.stage import Stage
from tasks.judge.verifiers.registry import verifier_versions
from tasks.sample.problems import arithmetic, builtin, gym, mapping
from tasks.sample.problems.golds import verifiers_of_sets


def _gym(recipe: Recipe) -> dict[str, int | str]:
    """Another release of reasoning-gym may draw other problems; other recipes have nothing to do with it."""
    return gym.versions() if any(source.kind == "reasoning_gym" for source in _sources(recipe)) else {}


def _sources(recipe: Recipe) -> list[Source]:
    few_shot, split = recipe.generate.few_shot, recipe.problems.source
    sources = [*recipe.problems.sets().values(), *([split] if split else [])]
    sources += [few_shot.source] if few_shot else []
    sources += [section.source for section in recipe.warm_starts().values()]
    sources += [asked.source for asked in recipe.benchmark_sets().values()]
    return sources + [part.source for source in sources if source.kind == "mixture" for part in source.parts]


def _readers(recipe: Recipe) -> dict[str, Any]:
    """Where bad rows are left out, the verifiers say which problems there are."""
    drops = any(getattr(source, "on_bad_row", "error") == "drop" for source in _sources(recipe))
    return {"verifiers": verifiers_of_sets(recipe)} if drops else {}


def _benchmarks(recipe: Recipe) -> dict[str, Any]:
    sets = {name: one.source for name, one in recipe.benchmark_sets().items()}
    return {"benchmarks": sets} if sets else {}


def _reader_versions(recipe: Recipe) -> dict[str, int | str]:
    verifiers = [rule for rules in _readers(recipe).get("verifiers", {}).values() for rule in rules]
    return {name: version for rule in verifiers for name, version in verifier_versions(rule).items()}


PROBLEMS = Stage(
    "problems",
    version=1,
    config=lambda recipe, _: {
        "problems": recipe.problems,
        "warm_starts": {name: section.source for name, section in recipe.warm_starts().items()},
        **({"few_shot": recipe.generate.few_shot.source} if recipe.generate.few_shot else {}),
        **_benchmarks(recipe),
        **_readers(recipe),
    },
    gives=(TRAIN_SET, WARM_START_SET, FEW_SHOT_SET, *HELD_OUT.values()),
    parts=lambda recipe: {
        "arithmetic": arithmetic.VERSION,
        "builtin": builtin.VERSION,
        "mapping": mapping.VERSION,
        **_gym(recipe),
        **_reader_versions(recipe),
    },
    is_random=lambda _: False,
)
