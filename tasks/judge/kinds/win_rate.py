"""Judge `win_rate`: the chance of a sample to beat another of its problem. Pure.

"Self-Play Preference Optimization" (SPPO, arXiv 2405.00675): with the scores s of K samples of one problem

    P_ij = sigmoid(scale (s_i - s_j)),   p_i = mean over j of P_ij, j = i included with 0.5

so that the mean of p over the samples is 0.5. Of a judge that compares two by two p_i = (samples beaten + 0.5) / K.
Without oneself the means are over the K - 1 others.

Where this differs from the paper: samples without a score take no part; compared ones stay in K, since a comparison
with one that could not be read counts as half a win. A sample with nobody to be compared with has no score without
itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, fsum

from configs.schema.judges.by_rule import WinRateJudge
from tasks.core.joined import Group
from tasks.core.records import Label, Sample, Verdict
from tasks.judge.kind import SHARES, Evidence, JudgeKind


def win_rate_verdicts(judge: WinRateJudge, group: Group, evidence: Evidence) -> list[Verdict]:
    """A chance, from 0 to 1, of each sample that has a score."""
    made = evidence.verdicts[judge.of]
    scores = [verdict.score for verdict in made if verdict.score is not None]
    is_alone = not judge.with_self and (len(made) if judge.by == "pairwise" else len(scores)) < 2
    verdicts = []
    for sample, verdict in zip(group.whole_samples, made, strict=True):
        if verdict.score is None or is_alone:
            verdicts.append(_without_score(judge, sample, verdict))
            continue
        chance = win_rate(verdict.score, scores, len(made), judge)
        verdicts.append(Verdict(sample.id, sample.problem_id, judge.name, str(Label.UNSCORED), chance))
    return verdicts


def win_rate(score: float, scores: Sequence[float], num_compared: int, judge: WinRateJudge) -> float:
    """The chance of the sample with this score.

    Args:
        scores: of all samples of the problem that have one, this one's included.
        num_compared: samples that a judge compared two by two, those without a score included.
    """
    itself = 0.5 if judge.with_self else 0.0
    if judge.by == "pairwise":
        return (score + itself) / (num_compared if judge.with_self else num_compared - 1)
    total = fsum(chance_to_win(score, other, judge.scale) for other in scores)
    return (total - 0.5 + itself) / (len(scores) if judge.with_self else len(scores) - 1)


def chance_to_win(score: float, other: float, scale: float = 1.0) -> float:
    """P(the first beats the second), in [0, 1], as Bradley and Terry have it."""
    gap = scale * (score - other)
    return 1 / (1 + exp(-gap)) if gap >= 0 else exp(gap) / (1 + exp(gap))


def _without_score(judge: WinRateJudge, sample: Sample, verdict: Verdict) -> Verdict:
    if verdict.score is not None:
        note = "no other sample of the problem to be compared with"
        return Verdict(sample.id, sample.problem_id, judge.name, str(Label.UNSCORED), note=note)
    note = f"no score of '{judge.of}': {verdict.note or verdict.label}"
    return Verdict(sample.id, sample.problem_id, judge.name, verdict.label, note=note)


KIND = JudgeKind(version=1, verdicts=win_rate_verdicts, scale=lambda judge: SHARES)
