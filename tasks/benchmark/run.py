"""Benchmarks of one model: the library's tasks and the recipe's sets, asked of the session that is open, and what came
out as tables."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

from configs.schema.benchmarks import Benchmarks
from configs.schema.drawing import Sampling
from infra.engines.harness.run import ITEMS_FILE, SCORES_FILE, Asked, Prompts, Wanted, read_rows, run_tasks
from infra.engines.questions import Completion, Missing, Request
from tasks.benchmark.scores import numbers_of
from tasks.benchmark.sets import ask_sets
from tasks.core.answers import Answers
from tasks.core.bench import Workbench
from tasks.core.files import BENCHMARK_ITEMS, BENCHMARK_SCORES
from tasks.core.records import BenchmarkItem, BenchmarkScore, Problem
from tasks.core.refs import ModelRef
from tasks.core.roles import policy_answerer
from tasks.core.scratch import Scratch
from tasks.core.step import Summary
from tasks.evaluate.run import Sampler

TEXTS_PER_SHARD = 256
"""at least: engines fill their batches within a shard, and items of benchmarks draw one text each"""


def benchmark_model(
    bench: Workbench, model: ModelRef, sets: Mapping[str, Sequence[Problem]], scratch: Scratch, seed: int
) -> Summary:
    """The step's numbers; its tables are written.

    Args:
        sets: of `read_benchmark_sets`.

    Raises:
        EngineError: a task is not there, its data cannot be had, or it wants something that no engine does.
        GuardError: too much of what was asked has no answer.
    """
    config = bench.recipe.evaluate.benchmarks
    assert config is not None, "the recipe has benchmarks"
    sampler = Sampler(bench.recipe, policy_answerer(bench, model), model.digest, scratch.answers)
    scores, items = ask_sets(sampler, sets, seed)
    folder = scratch.work / "harness"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    if config.tasks:
        _run_tasks(config, bench, model, scratch.answers, folder, seed)
        scores = [*(BenchmarkScore(**row) for row in read_rows(folder / SCORES_FILE)), *scores]
    BENCHMARK_SCORES.write(scratch.out, scores)
    told = (BenchmarkItem(**row) for row in read_rows(folder / ITEMS_FILE)) if config.tasks else ()
    BENCHMARK_ITEMS.write(scratch.out, chain(told, items))
    return numbers_of(scores)


def _run_tasks(
    config: Benchmarks, bench: Workbench, model: ModelRef, answers: Answers, folder: Path, seed: int
) -> None:
    """The library's tasks; their scores and items are in files of the folder."""
    who = policy_answerer(bench, model)
    shard_size = max(TEXTS_PER_SHARD, answers.shard_size)

    def texts(sampling: Sampling, requests: Iterable[Request]) -> Iterator[Completion | Missing]:
        for _, found in answers.ask(who, sampling, requests, shard_size=shard_size):
            yield from found

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


def wanted_of(config: Benchmarks) -> list[Wanted]:
    """The tasks as the library is asked for them."""
    return [Wanted(one.task, one.num_fewshot, one.limit) for one in config.tasks]
