"""Prefect task of the train stage: the generator is closed, then the trainer runs."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.identity import train_spec
from tasks.records import Example
from tasks.refs import ModelRef, StepRef, trained_model
from tasks.scratch import Scratch
from tasks.stage_task import stage_task
from tasks.step import Summary
from tasks.tables import read_records
from tasks.train.run import train_model, weigh, write_rows
from tasks.workbench import current


@stage_task("train")
def train(round: int, start: ModelRef, selections: Sequence[StepRef]) -> ModelRef:
    """The round's candidate.

    Args:
        start: the model that training starts from.
        selections: steps whose `examples.parquet` are trained on.
    """
    bench = current()
    settings = bench.recipe.train
    spec = train_spec(bench.recipe, round, start, selections)

    def produce(scratch: Scratch) -> Summary:
        files = [bench.ledger.fetch(selection, "examples.parquet") for selection in selections]
        examples = [example for file in files for example in read_records(file, Example)]
        rows = scratch.work / "rows.jsonl"
        write_rows(rows, examples, weigh(examples, settings.objective))
        bench.make_way_for_trainer()
        return train_model(bench.model_files(start), rows, settings, settings.objective, spec.seed or 0, scratch)

    return trained_model(f"round-{round}", start, bench.step(spec, produce), is_adapter=settings.tune.kind == "lora")
