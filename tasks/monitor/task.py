"""Prefect task of the monitor stage: after select, before train."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.core.bench import Workbench
from tasks.core.refs import StepRef
from tasks.core.scratch import Scratch
from tasks.core.stage_task import stage_task
from tasks.core.step import Summary
from tasks.monitor.run import RoundSteps, monitor_round
from tasks.monitor.stage import MONITOR


@stage_task(MONITOR)
def monitor(
    bench: Workbench,
    round: int,
    samples: Sequence[StepRef],
    verdicts: Sequence[StepRef],
    selection: StepRef,
    problems: StepRef,
    first: StepRef | None,
    sampled: StepRef | None = None,
    meta: StepRef | None = None,
) -> StepRef:
    """Metrics of a round (docs/metrics.md) as the step's summary, and its histograms. Loads no model.

    Args:
        samples: all that may be trained on: the generate step, and the guide step where there is one.
        verdicts: the steps with their verdicts, in the same order.
        problems: the step with the held-out sets.
        first: the monitor of round 1, whose pass rates are the fixed measure of difficulty; None in round 1.
        meta: the round's pairs of judgements, where it makes some.
        sampled: the step whose `train.parquet` holds the problems sampled; default: `problems`.
    """
    steps = RoundSteps(tuple(samples), tuple(verdicts), selection, sampled or problems, problems, first, meta)
    spec = MONITOR.spec(bench.recipe, bench.contents, round, vars(steps))

    def produce(scratch: Scratch) -> Summary:
        return monitor_round(bench.ledger, bench.recipe, steps, spec.seed or 0, scratch, bench.base_dir)

    return bench.step(spec, produce)
