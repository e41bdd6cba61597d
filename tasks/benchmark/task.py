"""Prefect task of the benchmark stage."""

from __future__ import annotations

from tasks.benchmark.run import benchmark_model
from tasks.benchmark.sets import read_benchmark_sets
from tasks.benchmark.stage import BENCHMARK
from tasks.core.bench import Workbench
from tasks.core.refs import ModelRef, StepRef
from tasks.core.scratch import Scratch
from tasks.core.stage_task import stage_task
from tasks.core.step import Summary


@stage_task(BENCHMARK)
def benchmark(bench: Workbench, round: int, model: ModelRef, problems: StepRef) -> StepRef:
    """Results of a model on the recipe's benchmarks: `benchmark_scores.parquet`, and a row an item in
    `benchmark_items.parquet`.

    Args:
        problems: of the experiment; the recipe's own sets are among them.
    """
    own = {"problems": problems} if bench.recipe.benchmark_sets() else {}
    spec = BENCHMARK.spec(bench.recipe, bench.contents, round, {"model": model, **own})

    def produce(scratch: Scratch) -> Summary:
        sets = read_benchmark_sets(bench.ledger, bench.recipe, problems)
        return benchmark_model(bench, model, sets, scratch, spec.seed or 0)

    return bench.step(spec, produce)
