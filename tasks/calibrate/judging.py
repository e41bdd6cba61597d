"""One judge's verdicts on samples that are drawn inside a step. Called by calibrate and guide."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from configs.schema.judge import Judge, SumJudge
from tasks.core.bench import Workbench
from tasks.core.progress import StageProgress
from tasks.core.records import Problem, Sample, Verdict
from tasks.core.roles import Cast
from tasks.judge.kinds.answer import truncated_verdict
from tasks.judge.now import judge_now
from tasks.judge.kinds.sum_of_scores import sum_verdict

Made = Callable[[str], Sequence[Verdict]]
"""From a judge's name to its verdicts on the same samples, in their order."""


def judge_given(
    bench: Workbench,
    judge: Judge,
    samples: Sequence[Sample],
    problems: Mapping[str, Problem],
    cast: Cast,
    seed: int,
    progress: StageProgress,
    made: Made,
) -> list[Verdict]:
    """One verdict a sample, in their order. A sum adds what was made already, so that no model is asked twice.

    Args:
        made: asked for the judges that a sum adds up.

    Raises:
        ProblemsError, EngineError: as `judge_now`.
    """
    if not isinstance(judge, SumJudge):
        return judge_now(bench, judge, samples, problems, cast, seed, progress)
    parts = {name: made(name) for name in judge.of}
    return [
        truncated_verdict(sample, judge.name)
        if sample.is_truncated
        else sum_verdict(judge, sample, {name: verdicts[place] for name, verdicts in parts.items()})
        for place, sample in enumerate(samples)
    ]
