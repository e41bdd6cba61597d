"""Judging a list of samples at once, without publishing: for evaluation, calibration and stepwise generation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from configs.schema.judge import Judge, SumJudge
from tasks.core.bench import Workbench
from tasks.core.progress import StageProgress
from tasks.core.records import Judgement, Problem, Sample, Verdict
from tasks.core.roles import Cast
from tasks.judge.groups import cut_groups
from tasks.judge.verdicts import judge_samples
from tasks.judge.world import plan_passes
from tasks.judge.run import ask_pass, pass_groups, verify_in_pool


def judge_now(
    bench: Workbench,
    judge: Judge,
    samples: Sequence[Sample],
    problems_by_id: Mapping[str, Problem],
    cast: Cast,
    seed: int,
    progress: StageProgress,
) -> list[Verdict]:
    """One judge's verdicts on samples, in their order; nothing is published.

    Args:
        judge: of any kind; a sum asks the recipe's judges that it names.
        samples: those of a problem lie together.
        seed: of what the judge draws.

    Raises:
        ProblemsError: a sample's problem is not there, or has no gold answer that the judge can compare with.
        EngineError: an engine could not load a model, or died.
    """
    judges = [*judges_needed(judge, bench.recipe.judge), judge]
    rows: dict[tuple[str, str], list[Judgement]] = {}
    for step in plan_passes(judges, cast):
        shards = cut_groups(pass_groups(bench, step, samples, problems_by_id, ()), bench.recipe.generate.shard_size)
        finished = sorted(
            ask_pass(bench, step, shards, seed, progress), key=lambda shard_and_rows: shard_and_rows[0].number
        )
        rows[step.judge.name, step.part] = [row for _, judgements in finished for row in judgements]
    verdicts = judge_samples(samples, problems_by_id, judges, verify_in_pool, lambda name, part: iter(rows[name, part]))
    return [verdict for verdict in verdicts if verdict.judge == judge.name]


def judges_needed(judge: Judge, known: Sequence[Judge]) -> list[Judge]:
    """The judges that a sum adds up, those that they need first; none for other judges."""
    wanted: list[Judge] = []
    for name in judge.of if isinstance(judge, SumJudge) else ():
        part = next(other for other in known if other.name == name)
        wanted += [other for other in (*judges_needed(part, known), part) if other not in wanted]
    return wanted
