"""Prefect task of the evaluate stage."""

from __future__ import annotations

from typing import Any

from tasks.core.bench import Workbench
from tasks.core.files import HELD_OUT
from tasks.core.refs import ModelRef, StepRef
from tasks.core.roles import Cast
from tasks.core.scratch import Scratch
from tasks.core.stage_task import stage_task
from tasks.core.step import Summary
from tasks.evaluate.correction.reviser import reviser_of
from tasks.evaluate.stage import EVALUATE
from tasks.evaluate.whole import evaluate_model
from tasks.judge.stage import judging_identity


@stage_task(EVALUATE)
def evaluate(bench: Workbench, round: int, model: ModelRef, problems: StepRef, cast: Cast) -> StepRef:
    """Results of a model on both held-out sets, one row a problem: `items.parquet`; of `evaluate.revise` the texts of
    the chains too, `chains_SUITE.parquet`, with `chain_verdicts_SUITE.parquet`.

    Args:
        cast: who judges where best-of-k is asked for, and who else writes where problems are revised; `live` are the
            model evaluated and what roles were trained to.
    """
    recipe = bench.recipe
    best_of = recipe.evaluate.best_of
    judging = judging_identity(bench, [best_of.judge], cast) if best_of else None
    reviser = reviser_of(bench, model, cast)
    told: dict[str, Any] = {"reviser": reviser.identity(bench, cast)} if reviser else {}
    spec = EVALUATE.spec(recipe, bench.contents, round, {"model": model, "problems": problems}, best_of=judging, **told)

    def produce(scratch: Scratch) -> Summary:
        suites = {suite: table.again(bench.ledger, problems) for suite, table in HELD_OUT.items()}
        return evaluate_model(bench, model, cast, reviser, suites, scratch.answers, scratch.out, spec.seed or 0)

    return bench.step(spec, produce)
