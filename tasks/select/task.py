"""Prefect task of the select stage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import groupby

from configs.schema.role import POLICY
from tasks.calibrate.stage import CalibrateNumbers
from tasks.core.bench import Workbench
from tasks.core.files import FEW_SHOT_SET, SAMPLES, TRAIN_SET, set_called
from tasks.core.ledger import Ledger
from tasks.core.records import Problem
from tasks.core.refs import StepRef
from tasks.core.scratch import Scratch
from tasks.core.sources import source_of
from tasks.core.stage_task import stage_task
from tasks.core.step import Summary
from tasks.judge.judgements import read_judgements
from tasks.report.diversity import measure_variety
from tasks.select.defaults import judgements_read
from tasks.select.filters.filter import Draw
from tasks.select.join import open_groups
from tasks.select.rows.formats import read_formats, with_examples
from tasks.select.rows.tables import write_selection
from tasks.select.stage import SELECT


@stage_task(SELECT)
def select(
    bench: Workbench,
    round: int,
    samples: Sequence[StepRef],
    verdicts: Sequence[StepRef],
    problems: StepRef,
    calibration: StepRef | None = None,
    *,
    learner: str = POLICY,
) -> StepRef:
    """What one model is trained on and why the rest is not: the files of `tasks/select/rows/tables.py`.

    Args:
        samples: the generate step, and the guide step where there is one.
        verdicts: the steps with their verdicts, in the same order.
        problems: the step with `train.parquet`.
        calibration: its summary holds the `threshold`.
    """
    recipe, ledger = bench.recipe.for_learner(learner), bench.ledger
    formats = read_formats(recipe.train.formats, bench.base_dir)
    inputs = {"samples": samples, "verdicts": verdicts, "problems": problems, "calibration": calibration}
    spec = SELECT.spec(recipe, bench.contents, round, inputs, learner)

    def produce(scratch: Scratch) -> Summary:
        known = {row.id: row for row in TRAIN_SET.read(ledger, problems)}
        sources = [source_of(ledger, *steps) for steps in zip(samples, verdicts, strict=True)]
        wrote = [partial(read_judgements, ledger, step, name) for name in judgements_read(recipe) for step in verdicts]
        groups = open_groups(sources, known, [judge.name for judge in recipe.judge], wrote)
        numbers = write_selection(
            scratch.out,
            groups,
            recipe,
            Draw(spec.seed or 0, round),
            with_examples(formats, _solved(ledger, problems, bench.recipe.warm_start_set(learner), known.values())),
            CalibrateNumbers.of(calibration).threshold if calibration else None,
        )
        if learner != POLICY:
            return {**numbers}
        answers = SAMPLES.read(ledger, samples[0])
        own = groupby(answers, key=lambda sample: sample.problem_id)
        return {**numbers, **measure_variety(list(group) for _, group in own)}

    return bench.step(spec, produce)


def _solved(ledger: Ledger, problems: StepRef, warm_start: str, train: Iterable[Problem]) -> Iterator[Problem]:
    """Problems whose solutions a prompt may show: the examples shown in sampling, the warm start's, then the train
    set's."""
    if FEW_SHOT_SET.is_in(problems):
        yield from FEW_SHOT_SET.read(ledger, problems)
    if set_called(warm_start).is_in(problems):
        yield from set_called(warm_start).read(ledger, problems)
    yield from train
