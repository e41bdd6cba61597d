"""Prefect task of the meta stage: a judge's judgements are compared, and become pairs that judging is trained on."""

from __future__ import annotations

from collections.abc import Iterator

from configs.schema.judge import MetaJudge, OpinionJudge, PairwiseJudge, RubricJudge
from tasks.core.bench import Workbench
from tasks.core.files import PAIRS, TRAIN_SET
from tasks.core.progress import StageProgress
from tasks.core.prompts import read_prompt
from tasks.core.refs import StepRef
from tasks.core.roles import Cast
from tasks.core.scratch import Scratch
from tasks.core.stage_task import stage_task
from tasks.core.step import Summary
from tasks.judge.ask import ask_and_keep, cut_groups
from tasks.judge.identity import describe
from tasks.judge.judgements import Published, read_judgements
from tasks.judge.world import plan_passes
from tasks.meta.contest import NAME, Contest
from tasks.meta.elo import position_weights
from tasks.meta.run import MetaPairs, find_contests, meta_asking
from tasks.meta.stage import META


@stage_task(META)
def meta_judge(
    bench: Workbench, round: int, verdicts: StepRef, samples: StepRef, problems: StepRef, cast: Cast
) -> StepRef:
    """Pairs of judgements: `pairs.parquet` of Pair rows with role judge; comparisons: `judgements-meta-00000.parquet`.

    Args:
        verdicts: the judge step, with the judgements of the judge that `meta.judge` names.
        cast: who judged; the same model compares.
    """
    meta, judge = _settings(bench)
    asked = {**describe(bench, judge, cast), "pattern": judge.pattern}
    inputs = {"verdicts": verdicts, "samples": samples, "problems": problems}
    spec = META.spec(bench.recipe, bench.contents, round, inputs, asked=asked)

    def produce(scratch: Scratch) -> Summary:
        known = {row.id: row for row in TRAIN_SET.read(bench.ledger, problems)}

        def contests() -> Iterator[Contest]:
            return find_contests(read_judgements(bench.ledger, verdicts, judge.name), known)

        kept = Published(bench.ledger, spec, scratch.work)
        _publish_comparisons(bench, kept, spec.seed or 0, contests(), cast, scratch.progress)
        weights = position_weights(kept.read(NAME, ""))
        pairs = MetaPairs(weights, meta.ridge)
        made = pairs.make(contests(), kept.read(NAME, ""))
        PAIRS.write(scratch.out, made)
        return pairs.numbers()

    return bench.step(spec, produce)


def _settings(bench: Workbench) -> tuple[MetaJudge, RubricJudge | PairwiseJudge]:
    meta = bench.recipe.meta
    assert meta is not None, "the flow calls this stage where the recipe has it"
    judge = next(judge for judge in bench.recipe.judge if judge.name == meta.judge)
    assert isinstance(judge, OpinionJudge), "the recipe was checked for it"
    return meta, judge


def _publish_comparisons(
    bench: Workbench, kept: Published, seed: int, contests: Iterator[Contest], cast: Cast, progress: StageProgress
) -> None:
    """Ask the judge's own model about the contests whose shards are not published yet."""
    meta, judge = _settings(bench)
    asking = meta_asking(judge, meta, read_prompt(meta.prompt, bench.base_dir), seed)
    (one,) = plan_passes([judge], cast)
    shards = cut_groups(contests, bench.recipe.generate.shard_size)
    ask_and_keep(lambda: one.open(bench), asking, "", shards, progress, kept)
