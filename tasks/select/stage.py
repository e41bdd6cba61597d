"""The select stage: what is trained on, and why the rest is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from configs.schema.recipe import Recipe
from tasks.core.files import DROPS, EXAMPLES, PAIRS, SAMPLES, TRAIN_SET, VERDICTS, VERIFIER_PAIRS, WARM_START_SET
from tasks.core.stage import Numbers, Stage
from tasks.core.step import Summary
from tasks.select import formats, weigh
from tasks.select.resolve import in_round, versions_of


class SelectNumbers(Numbers):
    """What a round kept.

    Attributes:
        num_rows: rows of training that were made of the samples kept.
    """

    num_samples: int
    num_kept: int
    num_rows: int

    @classmethod
    def expected(cls, recipe: Recipe) -> Summary | None:
        return dict.fromkeys(cls.model_fields, recipe.train.min_examples)


def _config(recipe: Recipe, round: int) -> Mapping[str, Any]:
    """Schedules enter with the round's value."""
    verifier = recipe.verifier
    told = {
        "select": recipe.select,
        "rows": recipe.train.objective.rows,
        "weigh": recipe.weigh,
        "pair": recipe.pair and in_round(recipe.pair, round),
        "formats": recipe.train.formats,
        "leak_words": recipe.guide.leak_words if recipe.guide else None,
    }
    if verifier is None:
        return told
    return {**told, "verifier": {"select": verifier.select, "pair": in_round(verifier.pair, round)}}


def _parts(recipe: Recipe) -> Mapping[str, int | str]:
    versions = versions_of(recipe.select, recipe.pair)
    versions |= {f"weigh.{recipe.weigh.kind}": weigh.VERSIONS[recipe.weigh.kind]} if recipe.weigh else {}
    versions |= {"formats": formats.VERSION} if recipe.train.formats else {}
    verifier = recipe.verifier
    own = versions_of(verifier.select, verifier.pair) if verifier else {}
    return versions | {f"verifier.{name}": number for name, number in own.items()}


SELECT = Stage(
    "select",
    version=1,
    config=_config,
    reads=(SAMPLES, VERDICTS, TRAIN_SET, WARM_START_SET),
    gives=(EXAMPLES, PAIRS, VERIFIER_PAIRS, DROPS),
    parts=_parts,
    numbers=SelectNumbers,
)
