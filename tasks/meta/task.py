"""Prefect task of the meta stage: a judge's judgements are compared, and become pairs that judging is trained on."""

from __future__ import annotations

from collections.abc import Iterator

from configs.schema.judge import MetaJudge, RubricJudge
from tasks.core.bench import Workbench
from tasks.core.identity import meta_spec
from tasks.core.records import Judgement, Pair, Problem
from tasks.core.refs import StepRef
from tasks.core.roles import Cast, open_role
from tasks.core.scratch import Scratch
from tasks.core.stage_task import stage_task
from tasks.core.step import StepSpec, Summary
from tasks.core.tables import read_records, write_records
from tasks.judge.groups import cut_groups
from tasks.judge.read import judgement_prefix, published_so_far, read_judgements
from tasks.judge.run import ask_lazily, prompt_text
from tasks.judge.specify import describe
from tasks.meta.contest import NAME, Contest
from tasks.meta.elo import position_weights
from tasks.meta.run import MetaPairs, find_contests, meta_asking


@stage_task("meta")
def meta_judge(
    bench: Workbench, round: int, verdicts: StepRef, samples: StepRef, problems: StepRef, cast: Cast
) -> StepRef:
    """Pairs of judgements: `pairs.parquet` of Pair rows with role judge; comparisons: `judgements-meta-00000.parquet`.

    Args:
        verdicts: the judge step, with the judgements of the judge that `meta.judge` names.
        cast: who judged; the same model compares.
    """
    meta, judge = _settings(bench)
    asked = {**describe(bench, judge, cast), "prompt": prompt_text(bench, meta), "pattern": judge.pattern}
    spec = meta_spec(bench.recipe, round, verdicts, samples, problems, asked)

    def produce(scratch: Scratch) -> Summary:
        known = {row.id: row for row in read_records(bench.ledger.fetch(problems, "train.parquet"), Problem)}

        def contests() -> Iterator[Contest]:
            return find_contests(read_judgements(bench.ledger, verdicts, judge.name), known)

        _publish_comparisons(bench, spec, contests(), cast, scratch)
        step = published_so_far(bench.ledger, spec)
        weights = position_weights(read_judgements(bench.ledger, step, NAME))
        pairs = MetaPairs(weights, meta.ridge)
        made = pairs.make(contests(), read_judgements(bench.ledger, step, NAME))
        write_records(scratch.out / "pairs.parquet", Pair, made)
        return pairs.numbers()

    return bench.step(spec, produce)


def _settings(bench: Workbench) -> tuple[MetaJudge, RubricJudge]:
    meta = bench.recipe.meta
    assert meta is not None, "the flow calls this stage where the recipe has it"
    judge = next(judge for judge in bench.recipe.judge if judge.name == meta.judge)
    assert isinstance(judge, RubricJudge), "the recipe was checked for it"
    return meta, judge


def _publish_comparisons(
    bench: Workbench, spec: StepSpec, contests: Iterator[Contest], cast: Cast, scratch: Scratch
) -> None:
    """Ask about the contests whose shards are not published yet."""
    meta, judge = _settings(bench)
    published = bench.ledger.published_shards(spec)
    shards = cut_groups(contests, bench.recipe.generate.shard_size)
    todo = (shard for shard in shards if _file_name(shard.number) not in published)
    asking = meta_asking(judge, meta, prompt_text(bench, meta), spec.seed or 0)
    player = cast.player(judge.role, judge.frozen)
    finished = ask_lazily(lambda: open_role(bench, judge.role, player), asking, todo, scratch.progress)
    for shard, comparisons in finished:
        path = scratch.work / _file_name(shard.number)
        write_records(path, Judgement, comparisons)
        bench.ledger.publish_shard(spec, path.name, path)


def _file_name(number: int) -> str:
    return f"{judgement_prefix(NAME)}{number:05d}.parquet"
