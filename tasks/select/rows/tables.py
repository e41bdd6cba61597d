"""The select stage on open streams: training rows of what is kept, and why the rest is not. No Prefect, no store.

Called by `task.py` and by `selfloop stage select`. Files, in the order of the samples:

    examples.parquet         rows of SFT, or of KTO with is_desirable
    pairs.parquet            rows of preference training, instead of examples
    drops.parquet            every sample that is in no row, and why
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from configs.schema.recipe import Recipe
from tasks.core.files import DROPS, EXAMPLES, PAIRS, Table
from tasks.core.records import Pair
from tasks.select.chain_summary import ChainSummary
from tasks.select.defaults import all_filters, chances_of, fill_in_threshold, in_round, rows_wanted, with_judge
from tasks.select.filters.filter import Draw, OpenGroups
from tasks.select.pairs.maker import PairMaker
from tasks.select.rows.formats import AS_IT_IS, Formats
from tasks.select.rows.makers import ExampleMaker, LabelledMaker, Writing
from tasks.select.rows.trajectories import TrajectoryMaker
from tasks.select.selection import Selected, Selection
from tasks.select.summary import Numbers, RowSummary, SelectSummary
from tasks.select.weigh import row_weights


class RowMaker(Protocol):
    """Makes training rows of one problem after the other."""

    record: type

    def make(self, group: Sequence[Selected]) -> tuple[Sequence[Any], list[Selected]]:
        """The problem's rows, and the fates of its samples: kept are those that are in a row."""

    def numbers(self) -> Numbers:
        """What it counted beside its rows."""


def write_selection(
    out: Path,
    groups: OpenGroups,
    recipe: Recipe,
    draw: Draw,
    formats: Formats = AS_IT_IS,
    threshold: float | None = None,
) -> Numbers:
    """Write all files of the stage into a folder; returns the step's numbers.

    Args:
        groups: made by `join.open_groups`; read once, and once more for each part that looks at the whole round:
            `length_gap`, `best_share`, `weigh`, a length penalty to search for, an average soft label.
        recipe: as the model learns by it that is selected for (`Recipe.for_learner`).
        formats: of `train.formats`, with their prompts' texts.
        threshold: what the round's calibration picked, where `select` asks for it.

    Raises:
        UserError: the samples, their verdicts and the recipe do not fit together.
        NoDataError: two judges agree too little for the soft label that the recipe asks for.
    """
    filters = fill_in_threshold(all_filters(recipe), threshold)
    selection = Selection(groups, filters, draw)
    return _write(out, selection, _row_maker(recipe, selection, draw, formats))


def rows_file(recipe: Recipe) -> Table[Any]:
    """The file with the rows of training."""
    return PAIRS if recipe.train.objective.rows == "pairs" else EXAMPLES


def _row_maker(recipe: Recipe, selection: Selection, draw: Draw, formats: Formats) -> RowMaker:
    rows, writing = recipe.train.objective.rows, Writing(recipe.rows, formats, draw)
    if rows == "labelled":
        return LabelledMaker(writing)
    if rows == "trajectories":
        return TrajectoryMaker(writing, selection)
    if rows == "examples":
        return ExampleMaker(writing, row_weights(selection, recipe.weigh, writing.steps) if recipe.weigh else None)
    assert recipe.pair is not None, "the recipe was checked for it"
    return _pair_maker(recipe.pair, selection, recipe, draw)


def _pair_maker(pair: Any, selection: Selection, recipe: Recipe, draw: Draw) -> PairMaker:
    config = in_round(with_judge(pair, [judge.name for judge in recipe.judge]), draw.round)
    return PairMaker(selection.kept, config, draw, chances_of(config, recipe.judge), rows_wanted(recipe))


def _write(out: Path, selection: Selection, maker: RowMaker) -> Numbers:
    samples, chains, rows = SelectSummary(), ChainSummary(), RowSummary()
    is_pairs = maker.record is Pair
    with (
        (PAIRS if is_pairs else EXAMPLES).writer(out) as table,
        DROPS.writer(out) as drops,
    ):
        for group in selection:
            made, fates = maker.make(group)
            samples.count(fates)
            chains.count(fates)
            for row in made:
                rows.count(row)
                table.add(row)
            for fate in fates:
                if fate.reason is not None:
                    drops.add(fate.to_drop())
    return samples.numbers() | chains.numbers() | rows.numbers(is_pairs) | maker.numbers()
