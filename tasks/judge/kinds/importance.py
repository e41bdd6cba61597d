"""Judge `importance`: how far a sample lies from a small trusted set. "Importance Weighting Can Help Large Language
Models Self-Improve" (IWSI), arXiv 2408.09849. Pure.

w = clip(mean loss of the trusted set / loss of the sample, 0, 2); score = w if w > 1, else min(1 / w, 5). 1: no shift;
smaller is better.

Where this differs from the paper:
1. A loss is the mean over the tokens of a completion and its end token, with the same chat template for both sets; the
   trusted set's is the mean over its completions, each counted once.
2. Which samples are looked at is said by other judges and by select, not only by a vote.

The trusted set takes a pass of its own; each row's score is a loss, natural logarithm.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Any

from configs.schema.judges.kinds import ImportanceJudge
from tasks.core.joined import Group
from tasks.core.records import Judgement, Label, Verdict
from tasks.judge.kind import Evidence, JudgeKind, verdict_without_score
from tasks.judge.kinds.questions import measurements, score_samples

MAX_WEIGHT = 2.0
MAX_DISTANCE = 5.0


def importance_judgements(
    judge: ImportanceJudge, groups: Sequence[Group], questions: Sequence[Any], answers: Sequence[Any]
) -> list[Judgement]:
    """One row a completion: its loss, the mean over its tokens."""
    return measurements(judge, groups, questions, answers, lambda answer: -answer.logprob / answer.num_tokens)


def importance_verdicts(judge: ImportanceJudge, group: Group, evidence: Evidence) -> list[Verdict]:
    """The distance of each sample from the trusted set; missing where its loss is, or the whole trusted set's."""
    trusted = evidence.judgements["trusted"]
    known = [row.score for row in trusted if row.score is not None]
    rows = {row.sample_id: row for row in evidence.judgements[""]}
    trusted_loss = fmean(known) if known else None
    verdicts = []
    for sample in group.whole_samples:
        loss = rows[sample.id].score
        if loss is None or trusted_loss is None:
            without = [rows[sample.id]] if loss is None else list(trusted)
            verdicts.append(verdict_without_score(judge.name, sample, without, "its loss is not known"))
            continue
        score = distance(trusted_loss, loss)
        verdicts.append(Verdict(sample.id, sample.problem_id, judge.name, str(Label.UNSCORED), score))
    return verdicts


def distance(trusted_loss: float, loss: float) -> float:
    """How far a sample lies from the trusted set, in [1, 5]; losses are 0 or more."""
    weight = min(trusted_loss / loss, MAX_WEIGHT) if loss > 0 else MAX_WEIGHT
    if weight > 1:
        return weight
    return min(1 / weight, MAX_DISTANCE) if weight > 0 else MAX_DISTANCE


KIND = JudgeKind(
    version=2,
    verdicts=importance_verdicts,
    questions=score_samples,
    judgements=importance_judgements,
    better="lower",
)
