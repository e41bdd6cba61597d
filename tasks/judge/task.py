"""Prefect task of the judge stage: models are asked shard by shard, then verdicts are written in one pass."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from tasks.core.bench import Workbench
from tasks.core.records import Judgement, Problem, Verdict
from tasks.core.refs import StepRef
from tasks.core.roles import Cast
from tasks.core.scratch import Scratch
from tasks.core.stage_task import stage_task
from tasks.core.step import StepSpec, Summary
from tasks.core.tables import read_records, write_records
from tasks.generate.read import read_samples
from tasks.judge.groups import cut_groups
from tasks.judge.importance import TRUSTED
from tasks.judge.judge import Judgements, judge_samples
from tasks.judge.passes import Pass, plan_passes
from tasks.judge.read import published_so_far, read_judgements
from tasks.judge.run import ask_pass, pass_groups, verify_in_pool
from tasks.judge.specify import specify
from tasks.judge.summary import JudgeSummary

VERDICTS = "verdicts.parquet"


@stage_task("judge")
def judge(bench: Workbench, round: int, samples: StepRef, problems: StepRef, cast: Cast) -> StepRef:
    """Verdicts of every judge on every sample: `verdicts.parquet`; what models said: `judgements-NAME-00000.parquet`.

    A stepwise generator's samples were judged as they were drawn: their verdicts are taken over.

    Args:
        problems: the step with `train.parquet`.
        cast: the states of the policy that may judge.
    """
    spec = specify(bench, round, samples, problems, cast)

    def produce(scratch: Scratch) -> Summary:
        counts = JudgeSummary.of(bench.recipe.judge)
        if any(file.name == VERDICTS for file in samples.files):
            return _take_over(bench, samples, scratch, counts)
        known = {row.id: row for row in read_records(bench.ledger.fetch(problems, "train.parquet"), Problem)}
        for step in plan_passes(bench.recipe.judge, cast):
            _publish_pass(bench, spec, step, samples, problems, known, scratch)
        rows = _published_judgements(bench, spec, counts)
        drawn = read_samples(bench.ledger, samples)
        verdicts = judge_samples(drawn, known, bench.recipe.judge, verify_in_pool, rows)
        write_records(scratch.out / VERDICTS, Verdict, counts.watch(verdicts))
        return {**counts.numbers()}

    return bench.step(spec, produce)


def _take_over(bench: Workbench, samples: StepRef, scratch: Scratch, counts: JudgeSummary) -> Summary:
    shutil.copyfile(bench.ledger.fetch(samples, VERDICTS), scratch.out / VERDICTS)
    for _ in counts.watch(read_records(scratch.out / VERDICTS, Verdict)):
        pass
    return {**counts.numbers()}


def _publish_pass(
    bench: Workbench,
    spec: StepSpec,
    step: Pass,
    samples: StepRef,
    problems: StepRef,
    known: dict[str, Problem],
    scratch: Scratch,
) -> None:
    """Ask about the shards that are not published yet."""
    held_out = _held_out(bench, problems) if step.part == TRUSTED else []
    published = bench.ledger.published_shards(spec)
    groups = pass_groups(bench, step, read_samples(bench.ledger, samples), known, held_out)
    shards = cut_groups(groups, bench.recipe.generate.shard_size)
    todo = (shard for shard in shards if step.file_name(shard.number) not in published)
    for shard, judgements in ask_pass(bench, step, todo, spec.seed or 0, scratch.progress):
        name = step.file_name(shard.number)
        write_records(scratch.work / name, Judgement, judgements)
        bench.ledger.publish_shard(spec, name, scratch.work / name)


def _held_out(bench: Workbench, problems: StepRef) -> list[Problem]:
    names = ("select.parquet", "report.parquet")
    return [row for name in names for row in read_records(bench.ledger.fetch(problems, name), Problem)]


def _published_judgements(bench: Workbench, spec: StepSpec, counts: JudgeSummary) -> Judgements:
    """Reads the judgements of this step's published shards back; a judge's own are counted."""
    step = published_so_far(bench.ledger, spec)

    def read(judge: str, part: str) -> Iterator[Judgement]:
        rows = read_judgements(bench.ledger, step, judge, part)
        return rows if part else counts.watch_judgements(judge, rows)

    return read
