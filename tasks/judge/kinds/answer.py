"""Judge `answer`: the sample's answer is compared with the gold answer, by rule. Pure."""

from __future__ import annotations

from configs.schema.judges.by_rule import AnswerJudge
from tasks.core.joined import Group
from tasks.core.records import Label, Sample, Verdict
from tasks.judge.kind import Evidence, JudgeKind
from tasks.judge.verifiers.finding import Finding
from tasks.judge.verifiers.pool import Outcome

_LABELS = {True: Label.CORRECT, False: Label.WRONG, None: Label.UNPARSEABLE}


def answer_verdicts(judge: AnswerJudge, group: Group, evidence: Evidence) -> list[Verdict]:
    """What the verifier found, sample by sample."""
    found = zip(group.whole_samples, evidence.outcomes, strict=True)
    return [make_verdict(sample, judge.name, outcome) for sample, outcome in found]


def make_verdict(sample: Sample, judge: str, outcome: Outcome) -> Verdict:
    """The verdict on one sample."""
    if outcome.failure is not None:
        label, finding = Label.VERIFIER_ERROR, Finding(note=outcome.failure)
    else:
        finding = outcome.value
        is_bare_score = finding.is_correct is None and finding.score is not None
        label = Label.UNSCORED if is_bare_score else _LABELS[finding.is_correct]
    score = float(finding.is_correct) if finding.score is None and finding.is_correct is not None else finding.score
    return Verdict(sample.id, sample.problem_id, judge, str(label), score, finding.answer, finding.note)


KIND = JudgeKind(version=1, verdicts=answer_verdicts, better=None)
