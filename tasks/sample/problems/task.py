"""Prefect task of the problems stage: reads the sets of a recipe once and publishes them."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.core.bench import Workbench
from tasks.core.files import set_called
from tasks.core.records import Problem
from tasks.core.refs import StepRef
from tasks.core.scratch import Scratch
from tasks.core.stage_task import stage_task
from tasks.core.step import Summary
from tasks.sample.problems.run import check_golds, read_all, specify
from tasks.sample.problems.stage import PROBLEMS


@stage_task(PROBLEMS)
def prepare_problems(bench: Workbench, round: int) -> StepRef:
    """The sets as `train.parquet`, `select.parquet`, `report.parquet` and, for each warm start, `warm_start.parquet`
    (a role's: `warm_start_NAME.parquet`).

    Raises:
        ProblemsError: a source is unreadable, a problem is in two sets, or one that a judge needs has no answer.
    """
    sets: dict[str, Sequence[Problem]] = {}

    def produce(scratch: Scratch) -> Summary:
        found = read_all(bench)
        sets.update(found.problems)
        for name, problems in sets.items():
            set_called(name).write(scratch.out, problems)
        for line in found.left_out():
            bench.progress.line(line)
        return found.summary()

    step = bench.step(specify(bench), produce)
    if not sets and not bench.is_planning:  # found; the verifiers may be others than those it was made under
        check_golds(
            bench.recipe, {part: set_called(part).again(bench.ledger, step) for part in ("train", "select", "report")}
        )
    return step
