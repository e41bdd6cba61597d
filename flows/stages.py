"""One stage on files, without store or Prefect: what `selfloop stage` does. Reads and writes the tables of
`tasks/records.py`."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from configs.errors import UserError
from configs.schema.recipe import Recipe
from flows.terminal import Terminal
from infra.engines.pool import GeneratorPool
from infra.store.folder import FolderStore
from tasks.base_model.task import prepare_base_model
from tasks.evaluate.evaluate import summarize
from tasks.evaluate.run import evaluate_suites
from tasks.generate.run import sample_shards
from tasks.generate.shards import cut_shards
from tasks.judge.judge import judge_samples
from tasks.judge.run import verify_in_pool
from tasks.judge.summary import JudgeSummary
from tasks.ledger import Ledger
from tasks.problems.run import read_sets
from tasks.records import Example, ItemResult, Problem, Sample, Verdict
from tasks.refs import ModelRef
from tasks.scratch import Scratch
from tasks.select.select import select_samples
from tasks.select.task import write_selection
from tasks.step import Summary, hash_file
from tasks.tables import read_records, write_records
from tasks.train.run import train_model, weigh, write_rows
from tasks.workbench import Workbench, at


@dataclass(frozen=True)
class Files:
    """What the command line names; `source` is --in."""

    out: Path
    source: Path | None = None
    verdicts: Path | None = None
    model: Path | None = None

    def needed_source(self, holds: str) -> Path:
        """--in, or an error that says what it must hold."""
        if self.source is None:
            raise UserError(f"this stage reads {holds}, and --in is missing", "add --in FILE")
        return self.source


def run_stage(name: str, recipe: Recipe, files: Files) -> Summary:
    """Run one stage; returns its numbers.

    Raises:
        UserError: there is no such stage, or a file is missing or of another kind.
    """
    if name not in STAGES:
        raise UserError(f"there is no stage '{name}' to run on files", f"write one of {', '.join(STAGES)}")
    for path in (files.source, files.verdicts, files.model):
        if path is not None and not path.exists():
            raise UserError(f"there is no {path}", "correct the path")
    files.out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="selfloop-") as folder, Terminal().stage(name) as progress:
        ledger = Ledger(FolderStore(Path(folder) / "store"), Path(folder) / "work", {})
        scratch = Scratch(Path(folder) / "out", Path(folder) / "scratch", progress)
        scratch.out.mkdir()
        scratch.work.mkdir()
        with at(Workbench(recipe, ledger, Path())) as bench:
            return STAGES[name](bench, files, scratch)


def _generate(bench: Workbench, files: Files, scratch: Scratch) -> Summary:
    problems = list(read_records(files.source, Problem)) if files.source else read_sets(bench)["train"]
    config = bench.recipe.generate
    shards = list(cut_shards(problems, config.shard_size, bench.recipe.seed))
    with _generator(bench, files) as (pool, model):
        finished = sample_shards(
            pool, shards, config.sampling(), config.num_samples, model.digest, scratch.progress
        )  # fmt: skip
        by_name = {shard.name: samples for shard, samples in finished}
    samples = (sample for shard in shards for sample in by_name[shard.name])
    return {"num_problems": len(problems), "num_samples": write_records(files.out, Sample, samples)}


def _judge(bench: Workbench, files: Files, scratch: Scratch) -> Summary:
    problems = {problem.id: problem for problem in read_sets(bench)["train"]}
    judges = bench.recipe.judge
    counts = JudgeSummary([judge.name for judge in judges])
    samples = read_records(files.needed_source("samples"), Sample)
    verdicts = judge_samples(samples, problems, judges, verify_in_pool)
    write_records(files.out, Verdict, counts.watch(verdicts))
    return {**counts.numbers()}


def _select(bench: Workbench, files: Files, scratch: Scratch) -> Summary:
    if files.verdicts is None:
        raise UserError("select reads samples and verdicts, and --verdicts is missing", "add --verdicts FILE")
    problems = {problem.id: problem for problem in read_sets(bench)["train"]}
    recipe = bench.recipe
    samples = read_records(files.needed_source("samples"), Sample)
    names = [judge.name for judge in recipe.judge]
    verdicts = read_records(files.verdicts, Verdict)
    selection = select_samples(samples, verdicts, recipe.select, names, recipe.seed, 0)
    counts = write_selection(scratch, selection, problems)
    shutil.move(scratch.out / "examples.parquet", files.out)
    shutil.move(scratch.out / "drops.parquet", files.out.with_suffix(".drops.parquet"))
    return {**counts.numbers()}


def _train(bench: Workbench, files: Files, scratch: Scratch) -> Summary:
    examples = list(read_records(files.needed_source("examples"), Example))
    settings = bench.recipe.train
    rows = scratch.work / "rows.jsonl"
    write_rows(rows, examples, weigh(examples, settings.objective))
    start = bench.model_files(_model(bench, files))
    summary = train_model(start, rows, settings, settings.objective, bench.recipe.seed, scratch)
    shutil.move(scratch.out, files.out)
    return summary


def _evaluate(bench: Workbench, files: Files, scratch: Scratch) -> Summary:
    sets = read_sets(bench)
    suites = {suite: sets[suite] for suite in ("select", "report")}
    with _generator(bench, files) as (pool, model):
        items = evaluate_suites(pool, suites, bench.recipe, model.digest, bench.recipe.seed, scratch.progress)
        write_records(files.out, ItemResult, items)
    pass_at = bench.recipe.evaluate.pass_at
    return {**summarize(read_records(files.out, ItemResult), pass_at.k if pass_at else ())}


STAGES: dict[str, Callable[[Workbench, Files, Scratch], Summary]] = {
    "generate": _generate,
    "judge": _judge,
    "select": _select,
    "train": _train,
    "evaluate": _evaluate,
}


def _model(bench: Workbench, files: Files) -> ModelRef:
    """--model, a folder, or the recipe's base model."""
    if files.model is None:
        return prepare_base_model(0)
    weights = files.model / "model" if (files.model / "model").is_dir() else files.model
    return ModelRef(name=files.model.name, digest=hash_file(weights / "config.json"), external=str(weights.absolute()))


@contextmanager
def _generator(bench: Workbench, files: Files) -> Iterator[tuple[GeneratorPool, ModelRef]]:
    model = _model(bench, files)
    yield bench.generator(model), model
