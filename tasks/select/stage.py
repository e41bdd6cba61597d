"""The select stage: what is trained on, and why the rest is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from configs.schema.recipe import Recipe
from tasks.core.files import DROPS, EXAMPLES, JUDGEMENTS, PAIRS, SAMPLES, TRAIN_SET, VERDICTS, WARM_START_SET
from tasks.core.stage import Numbers, Stage
from tasks.core.step import Summary
from tasks.select import weigh
from tasks.select.defaults import all_filters, in_round, rows_wanted, versions_of
from tasks.select.rows import formats
from tasks.select.rows.kinds import row_versions


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
    wanted = rows_wanted(recipe)
    return {
        **({"rows_wanted": wanted} if wanted else {}),
        "select": all_filters(recipe),
        "rows": recipe.train.objective.rows,
        "written": recipe.rows,
        "weigh": recipe.weigh,
        "pair": recipe.pair and in_round(recipe.pair, round),
        "formats": recipe.train.formats,
    }


def _parts(recipe: Recipe) -> Mapping[str, int | str]:
    versions = {**versions_of(all_filters(recipe), recipe.pair), **row_versions(recipe.rows)}
    versions |= {f"weigh.{recipe.weigh.kind}": weigh.VERSIONS[recipe.weigh.kind]} if recipe.weigh else {}
    return versions | ({"formats": formats.VERSION} if recipe.train.formats else {})


SELECT = Stage(
    "select",
    version=1,
    when=lambda recipe, _: recipe.online is None,
    config=_config,
    reads=(SAMPLES, VERDICTS, JUDGEMENTS, TRAIN_SET, WARM_START_SET),
    gives=(EXAMPLES, PAIRS, DROPS),
    parts=_parts,
    seed_path=lambda round, _: (round, "select"),  # every model's selection draws by one seed
    numbers=SelectNumbers,
)
