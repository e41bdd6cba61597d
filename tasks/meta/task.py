"""Prefect task of the meta stage: a judge's judgements are compared, and become pairs that judging is trained on."""

from __future__ import annotations

from collections.abc import Iterator

from configs.schema.judges.opinions import MetaJudge, OpinionJudge, PairwiseJudge, RubricJudge
from tasks.core.answers import Answers
from tasks.core.asking import ask_about
from tasks.core.bench import Workbench
from tasks.core.files import PAIRS, TRAIN_SET
from tasks.core.prompts import read_prompt
from tasks.core.records import Judgement
from tasks.core.refs import StepRef
from tasks.core.roles import Cast
from tasks.core.scratch import Scratch
from tasks.core.stage_task import stage_task
from tasks.core.step import Summary
from tasks.judge.ask import plan_passes
from tasks.judge.judgements import InFolder, read_judgements
from tasks.judge.stage import describe
from tasks.meta.contest import NAME, Contest
from tasks.meta.elo import position_weights
from tasks.meta.run import MetaPairs, find_contests, meta_asking
from tasks.meta.stage import META


@stage_task(META)
def meta_judge(
    bench: Workbench, round: int, verdicts: StepRef, samples: StepRef, problems: StepRef, cast: Cast
) -> StepRef:
    """Pairs of judgements: `pairs.parquet` of Pair rows with role judge; comparisons: `judgements-meta.parquet`.

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

        kept = InFolder(scratch.out)
        compared = _compare(bench, contests(), cast, spec.seed or 0, scratch.answers)
        kept.put(NAME, "", (row for rows in compared for row in rows))
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


def _compare(
    bench: Workbench, contests: Iterator[Contest], cast: Cast, seed: int, answers: Answers
) -> Iterator[list[Judgement]]:
    """What the judge's own model says of each contest."""
    meta, judge = _settings(bench)
    asking = meta_asking(judge, meta, read_prompt(meta.prompt, bench.base_dir), seed)
    (one,) = plan_passes([judge], cast)
    return ask_about(contests, asking, one.answerer(bench), answers)
