"""Prefect task of the judge stage."""

from __future__ import annotations

from tasks.generate.read import read_samples
from tasks.identity import judge_spec
from tasks.judge.judge import judge_samples
from tasks.judge.run import verify_in_pool
from tasks.judge.summary import JudgeSummary
from tasks.records import Problem, Verdict
from tasks.refs import StepRef
from tasks.scratch import Scratch
from tasks.stage_task import stage_task
from tasks.step import Summary
from tasks.tables import read_records, write_records
from tasks.workbench import current


@stage_task("judge")
def judge(round: int, samples: StepRef, problems: StepRef) -> StepRef:
    """Verdicts of every judge on every sample: `verdicts.parquet`."""
    bench = current()
    judges = bench.recipe.judge

    def produce(scratch: Scratch) -> Summary:
        known = {row.id: row for row in read_records(bench.ledger.fetch(problems, "train.parquet"), Problem)}
        counts = JudgeSummary([judge.name for judge in judges])
        verdicts = judge_samples(read_samples(bench.ledger, samples), known, judges, verify_in_pool)
        write_records(scratch.out / "verdicts.parquet", Verdict, counts.watch(verdicts))
        return {**counts.numbers()}

    return bench.step(judge_spec(bench.recipe, round, samples, problems), produce)
