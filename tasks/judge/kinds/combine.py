"""Judge `combine`: one score of other judges' scores. Pure.

B-STaR (arXiv 2412.17256) adds correctness and a reward model. IFD, by which Self-Evolution (arXiv 2408.12247) takes
older rows back, is a ratio of two likelihoods: -1.2 with the question and -2 without give 0.6.

Where this differs from the papers: a part without a score leaves the sample without one, and so does a ratio to 0 and
what is no finite number. The code of Self-Evolution gives 1 there, so that broken rows are among the hardest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from statistics import fmean

from configs.schema.judges.by_rule import CombineJudge
from tasks.core.joined import Group
from tasks.core.records import Label, Sample, Verdict
from tasks.judge.kind import Evidence, JudgeKind


def combine_verdicts(judge: CombineJudge, group: Group, evidence: Evidence) -> list[Verdict]:
    """One number of each sample's scores."""
    return [
        combine_verdict(judge, sample, {name: made[place] for name, made in evidence.verdicts.items()})
        for place, sample in enumerate(group.whole_samples)
    ]


def combine_verdict(judge: CombineJudge, sample: Sample, made: Mapping[str, Verdict]) -> Verdict:
    """The verdict on one sample. Where a judge has no score there is none, and the label is that judge's.

    Args:
        made: verdicts on the sample by judge.
    """
    verdicts = [made[name] for name in judge.of]
    missing = next((verdict for verdict in verdicts if verdict.score is None), None)
    if missing is not None:
        note = f"no score of '{missing.judge}': {missing.note or missing.label}"
        return Verdict(sample.id, sample.problem_id, judge.name, missing.label, note=note)
    scores = [verdict.score for verdict in verdicts if verdict.score is not None]
    score = combine_scores(scores, judge.how)
    found = Verdict(sample.id, sample.problem_id, judge.name, str(Label.UNSCORED), score)
    if score is None:
        return replace(found, note=f"the {judge.how} of {', '.join(f'{part:g}' for part in scores)} is no number")
    return found


def combine_scores(scores: Sequence[float], how: str) -> float | None:
    """One number of two scores or more; None where it is not finite, or a ratio to 0."""
    if how == "ratio" and scores[1] == 0:
        return None
    try:
        found = _HOW[how](scores)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


_HOW: dict[str, Callable[[Sequence[float]], float]] = {
    "sum": math.fsum,
    "mean": fmean,
    "min": min,
    "max": max,
    "product": math.prod,
    "difference": lambda scores: scores[0] - scores[1],
    "ratio": lambda scores: scores[0] / scores[1],
}

KIND = JudgeKind(version=1, verdicts=combine_verdicts, better=None)
