"""Prefect task of the select stage."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from tasks.generate.read import read_samples
from tasks.identity import select_spec
from tasks.records import Drop, Example, Problem, Verdict
from tasks.refs import StepRef
from tasks.report.diversity import measure_variety
from tasks.scratch import Scratch
from tasks.select.select import Selected, select_samples, to_example
from tasks.select.summary import SelectSummary
from tasks.stage_task import stage_task
from tasks.step import Summary
from tasks.tables import TableWriter, read_records
from tasks.workbench import current


@stage_task("select")
def select(round: int, samples: StepRef, verdicts: StepRef, problems: StepRef) -> StepRef:
    """What is trained on and why the rest is not: `examples.parquet` and `drops.parquet`."""
    bench = current()
    recipe, ledger = bench.recipe, bench.ledger
    spec = select_spec(recipe, round, samples, verdicts, problems)

    def produce(scratch: Scratch) -> Summary:
        known = {row.id: row for row in read_records(ledger.fetch(problems, "train.parquet"), Problem)}
        opinions = read_records(ledger.fetch(verdicts, "verdicts.parquet"), Verdict)
        names = [judge.name for judge in recipe.judge]
        selection = select_samples(
            read_samples(ledger, samples), opinions, recipe.select, names, spec.seed or 0, round
        )  # fmt: skip
        counts = write_selection(scratch, selection, known)
        groups = groupby(read_samples(ledger, samples), key=lambda sample: sample.problem_id)
        return {**counts.numbers(), **measure_variety(list(group) for _, group in groups)}

    return bench.step(spec, produce)


def write_selection(scratch: Scratch, selection: Iterator[Selected], problems: dict[str, Problem]) -> SelectSummary:
    """Kept samples as examples, the others as drops; both files in the order of the samples."""
    counts = SelectSummary()
    with (
        TableWriter(scratch.out / "examples.parquet", Example) as examples,
        TableWriter(scratch.out / "drops.parquet", Drop) as drops,
    ):
        for selected in counts.watch(selection):
            if selected.reason is None:
                examples.add(to_example(selected.sample, problems[selected.sample.problem_id]))
            else:
                drops.add(selected.to_drop())
    return counts
