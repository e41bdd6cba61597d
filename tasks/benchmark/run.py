"""Benchmarks of one model: the library's tasks, asked of the session that is open, and what came out as tables."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from configs.schema.benchmarks import Benchmarks
from configs.schema.drawing import Sampling
from infra.engines.harness.run import ITEMS_FILE, SCORES_FILE, Asked, Prompts, Wanted, read_rows, run_tasks
from infra.engines.wire import Completion, Missing, Request
from tasks.benchmark.scores import numbers_of
from tasks.core.bench import Workbench
from tasks.core.files import BENCHMARK_ITEMS, BENCHMARK_SCORES
from tasks.core.records import BenchmarkItem, BenchmarkScore
from tasks.core.refs import ModelRef
from tasks.core.roles import policy_answerer
from tasks.core.scratch import Scratch
from tasks.core.step import Summary

TEXTS_PER_SHARD = 256
"""at least: engines fill their batches within a shard, and items of benchmarks draw one text each"""


def benchmark_model(bench: Workbench, model: ModelRef, scratch: Scratch, seed: int) -> Summary:
    """The step's numbers; its tables are written.

    Raises:
        EngineError: a task is not there, its data cannot be had, or it wants something that no engine does.
        GuardError: too much of what was asked has no answer.
    """
    config, answers, who = bench.recipe.evaluate.benchmarks, scratch.answers, policy_answerer(bench, model)
    assert config is not None, "the recipe has benchmarks"
    shard_size = max(TEXTS_PER_SHARD, answers.shard_size)

    def texts(sampling: Sampling, requests: Iterable[Request]) -> Iterator[Completion | Missing]:
        for _, found in answers.ask(who, sampling, requests, shard_size=shard_size):
            yield from found

    folder = scratch.work / "harness"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    run_tasks(
        wanted_of(config),
        Prompts(config.chat, config.system),
        bench.model_files(model),
        Asked(texts, lambda readings: answers.read(who, readings)),
        engine=bench.recipe.engine,
        seed=seed,
        base_dir=bench.base_dir,
        work_dir=folder,
    )
    return _publish(folder, scratch.out)


def wanted_of(config: Benchmarks) -> list[Wanted]:
    """The tasks as the library is asked for them."""
    return [Wanted(one.task, one.num_fewshot, one.limit) for one in config.tasks]


def _publish(folder: Path, out: Path) -> Summary:
    scores = [BenchmarkScore(**row) for row in read_rows(folder / SCORES_FILE)]
    BENCHMARK_SCORES.write(out, scores)
    BENCHMARK_ITEMS.write(out, (BenchmarkItem(**row) for row in read_rows(folder / ITEMS_FILE)))
    return numbers_of(scores)
