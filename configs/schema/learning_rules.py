"""Rules between what a model learns from (select, rows, weigh, pair) and its objective. Part of
`recipe_rules.RULES`."""

from __future__ import annotations

from configs.schema.learners import beside, learners_of
from configs.schema.pair_rules import check_pairs
from configs.schema.rows import DEFAULT_ROWS
from configs.schema.sections import Sections


def learning_fits(recipe: Sections) -> None:
    """Nothing, where each model's objective can eat what is made for it; ValueError for the first that cannot."""
    _rows_fit_the_objective(recipe)
    _pairs_fit(recipe)
    _gains_have_something_before(recipe)
    _pairs_have_two_sides(recipe)
    _formats_are_read(recipe)


def _rows_fit_the_objective(recipe: Sections) -> None:
    for place, own in learners_of(recipe):
        objective, pair = own.train.objective, beside(place, "pair")
        if objective.rows == "pairs" and own.pair is None:
            raise ValueError(
                f"{pair}: the objective {objective.kind} trains on pairs: add for example pair: {{kind: best_vs_worst}}"
            )
        if objective.rows != "pairs" and own.pair is not None:
            raise ValueError(f"{pair}: the objective {objective.kind} trains on single samples: leave pair out")
        if objective.rows == "pairs" and own.rows != DEFAULT_ROWS:
            raise ValueError(
                f"{beside(place, 'rows')}: the objective {objective.kind} trains on pairs, which pair makes: "
                "leave rows out"
            )
        kinds = [row.kind for row in own.rows]
        if objective.rows == "trajectories" and set(kinds) != {"trajectory"}:
            raise ValueError(
                f"{beside(place, 'rows')}: the objective {objective.kind} trains on texts with an advantage a part: "
                "write rows: [{kind: trajectory}]"
            )
        if objective.rows != "trajectories" and "trajectory" in kinds:
            raise ValueError(
                f"{beside(place, 'rows')}.{kinds.index('trajectory')}: the objective {objective.kind} reads no "
                "advantages: write objective: {kind: offline_pg}, or kind: splice"
            )
        if own.weigh is not None and objective.rows != "examples":
            raise ValueError(
                f"{beside(place, 'weigh')}: examples are weighed, and the objective {objective.kind} has none: "
                "leave weigh out"
            )


def _pairs_fit(recipe: Sections) -> None:
    for place, own in learners_of(recipe):
        check_pairs(own, place, beside(place, "pair"))


_AFTER_ANOTHER = ("turn", "improvement")
"""kinds of rows in which an answer follows one that it revises"""


def _gains_have_something_before(recipe: Sections) -> None:
    for place, own in learners_of(recipe):
        kinds = [row.kind for row in own.rows]
        if own.weigh is not None and own.weigh.kind == "by_gain" and not set(kinds) <= set(_AFTER_ANOTHER):
            raise ValueError(
                f"{beside(place, 'weigh')}: by_gain compares an answer with the one before it, which rows of kind "
                f"{next(kind for kind in kinds if kind not in _AFTER_ANOTHER)} do not show: write rows: "
                "[{kind: improvement}] or [{kind: turn}]"
            )
        if "improvement" in kinds and recipe.generate.kind != "revise":
            raise ValueError(
                f"{beside(place, 'rows')}.{kinds.index('improvement')}: it shows what a reviser is shown, and nothing "
                "is revised: write generate: {kind: revise}"
            )


def _pairs_have_two_sides(recipe: Sections) -> None:
    """Filters that keep correct samples alone leave nothing to set against them."""
    first = recipe.judge[0].name
    for place, own in learners_of(recipe):
        kept = [part.judge or first for part in own.select if part.kind == "correct"]
        for maker in own.pair.makers() if own.pair else ():
            if maker.reads_first_judge and (maker.judge or first) in kept:
                raise ValueError(
                    f"{beside(place, 'select')}: 'correct' leaves no wrong sample for pair.kind {maker.kind}: "
                    "write select: [{kind: judged}, {kind: drop_truncated}]"
                )


def _formats_are_read(recipe: Sections) -> None:
    for place, own in learners_of(recipe):
        if own.train.formats and own.train.objective.rows in ("pairs", "trajectories"):
            rows = own.train.objective.rows
            raise ValueError(f"{place}.formats: {rows} are trained on as they are: leave formats out")
