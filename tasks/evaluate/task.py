"""Prefect task of the evaluate stage."""

from __future__ import annotations

from tasks.evaluate.evaluate import summarize
from tasks.evaluate.run import evaluate_suites
from tasks.identity import evaluate_spec
from tasks.records import ItemResult, Problem
from tasks.refs import ModelRef, StepRef
from tasks.scratch import Scratch
from tasks.stage_task import stage_task
from tasks.step import Summary
from tasks.tables import read_records, write_records
from tasks.workbench import current

SUITES = ("select", "report")


@stage_task("evaluate")
def evaluate(round: int, model: ModelRef, problems: StepRef) -> StepRef:
    """Results of a model on both held-out sets, one row a problem: `items.parquet`."""
    bench = current()
    spec = evaluate_spec(bench.recipe, round, model, problems)
    pass_at = bench.recipe.evaluate.pass_at

    def produce(scratch: Scratch) -> Summary:
        suites = {
            suite: list(read_records(bench.ledger.fetch(problems, f"{suite}.parquet"), Problem)) for suite in SUITES
        }
        pool = bench.generator(model)
        items = evaluate_suites(pool, suites, bench.recipe, model.digest, spec.seed or 0, scratch.progress)
        write_records(scratch.out / "items.parquet", ItemResult, items)
        written = read_records(scratch.out / "items.parquet", ItemResult)
        return {**summarize(written, pass_at.k if pass_at else ())}

    return bench.step(spec, produce)
