"""Judge `sum`: the sum of other judges' scores, as B-STaR (arXiv 2412.17256) adds correctness and a reward model."""

from __future__ import annotations

import math
from collections.abc import Mapping

from configs.schema.judges.by_rule import SumJudge
from tasks.core.joined import Group
from tasks.core.records import Label, Sample, Verdict
from tasks.judge.kind import Evidence, JudgeKind


def sum_verdicts(judge: SumJudge, group: Group, evidence: Evidence) -> list[Verdict]:
    """The sum of each sample's scores."""
    return [
        sum_verdict(judge, sample, {name: made[place] for name, made in evidence.verdicts.items()})
        for place, sample in enumerate(group.whole_samples)
    ]


def sum_verdict(judge: SumJudge, sample: Sample, made: Mapping[str, Verdict]) -> Verdict:
    """The verdict on one sample. Where a judge has no score there is no sum, and the label is that judge's.

    Args:
        made: verdicts on the sample by judge.
    """
    verdicts = [made[name] for name in judge.of]
    missing = next((verdict for verdict in verdicts if verdict.score is None), None)
    if missing is not None:
        note = f"no score of '{missing.judge}': {missing.note or missing.label}"
        return Verdict(sample.id, sample.problem_id, judge.name, missing.label, note=note)
    score = math.fsum(verdict.score for verdict in verdicts if verdict.score is not None)
    return Verdict(sample.id, sample.problem_id, judge.name, str(Label.UNSCORED), score)


KIND = JudgeKind(version=1, verdicts=sum_verdicts, better=None)
