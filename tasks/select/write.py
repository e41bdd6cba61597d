"""The select stage on open streams: training rows of what is kept, and why the rest is not. No Prefect, no store.

Called by `task.py` and by `selfloop stage select`. Files, in the order of the samples:

    examples.parquet         rows of SFT, or of KTO with is_desirable
    pairs.parquet            rows of preference training, instead of examples
    verifier_pairs.parquet   the same samples paired for the verifier, where the recipe trains one
    drops.parquet            every sample that is in no row, and why
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from configs.schema.recipe import Recipe
from tasks.core.files import DROPS, EXAMPLES, PAIRS, VERIFIER_PAIRS, Table
from tasks.core.records import Pair
from tasks.select.candidate import Draw, OpenGroups
from tasks.select.examples import ExampleMaker, LabelledMaker
from tasks.select.formats import AS_IT_IS, Formats
from tasks.select.pairs.maker import PairMaker
from tasks.select.resolve import fill_in_threshold, in_round, with_judge
from tasks.select.select import Selected, Selection
from tasks.select.summary import Numbers, RowSummary, SelectSummary
from tasks.select.weigh import problem_weights


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
        groups: made by `streams.open_groups`; read once, and once more for each part that looks at the whole round:
            `length_gap`, `best_share`, `weigh`, a length penalty to search for, an average soft label, the verifier.
        formats: of `train.formats`, with their prompts' texts.
        threshold: what the round's calibration picked, where `select` asks for it.

    Raises:
        UserError: the samples, their verdicts and the recipe do not fit together.
        NoDataError: two judges agree too little for the soft label that the recipe asks for.
    """
    components = fill_in_threshold(recipe.select, threshold)
    selection = Selection(groups, components, draw, recipe.guide)
    numbers = _write(out, selection, _row_maker(recipe, selection, draw, formats))
    if recipe.verifier is not None:
        numbers |= _write_verifier_pairs(out, groups, recipe, draw, threshold)
    return numbers


def rows_file(recipe: Recipe) -> Table[Any]:
    """The file with the policy's rows."""
    return PAIRS if recipe.train.objective.rows == "pairs" else EXAMPLES


def _row_maker(recipe: Recipe, selection: Selection, draw: Draw, formats: Formats) -> RowMaker:
    rows = recipe.train.objective.rows
    if rows == "labelled":
        return LabelledMaker(formats)
    if rows == "examples":
        return ExampleMaker(formats, problem_weights(selection, recipe.weigh) if recipe.weigh else None)
    assert recipe.pair is not None, "the recipe was checked for it"
    return _pair_maker(recipe.pair, selection, recipe, draw)


def _pair_maker(pair: Any, selection: Selection, recipe: Recipe, draw: Draw) -> PairMaker:
    config = in_round(with_judge(pair, [judge.name for judge in recipe.judge]), draw.round)
    return PairMaker(selection.kept, config, draw)


def _write(out: Path, selection: Selection, maker: RowMaker) -> Numbers:
    samples, rows = SelectSummary(), RowSummary()
    is_pairs = maker.record is Pair
    with (
        (PAIRS if is_pairs else EXAMPLES).writer(out) as table,
        DROPS.writer(out) as drops,
    ):
        for group in selection:
            made, fates = maker.make(group)
            samples.count(fates)
            for row in made:
                rows.count(row)
                table.add(row)
            for fate in fates:
                if fate.reason is not None:
                    drops.add(fate.to_drop())
    return samples.numbers() | rows.numbers(is_pairs) | maker.numbers()


def _write_verifier_pairs(
    out: Path, groups: OpenGroups, recipe: Recipe, draw: Draw, threshold: float | None
) -> Numbers:
    """The verifier's pairs: its own filters and pair section over the same samples."""
    assert recipe.verifier is not None
    components = fill_in_threshold(recipe.verifier.select, threshold)
    selection = Selection(groups, components, draw, recipe.guide)
    maker, num_pairs = _pair_maker(recipe.verifier.pair, selection, recipe, draw), 0
    with VERIFIER_PAIRS.writer(out) as table:
        for group in selection:
            for pair in maker.make(group)[0]:
                table.add(pair)
                num_pairs += 1
    counts: Numbers = {"num_verifier_pairs": num_pairs}
    return counts | {f"verifier_{name}": number for name, number in maker.numbers().items()}
