"""Judge `provenance`: where a text comes from is its score. No model is asked. Pure.

SSO (arXiv 2410.17131) calls what was drawn under a good principle better than what was drawn under a bad one, Just-Say
(arXiv 2409.17534) likewise, Self-Reinforcement (arXiv 2405.04086) what the tuned model wrote better than what the
untuned one did. The label is as good as the draws are: `judge_pair_accuracy` says how often gold agrees, where there is
gold.

A sample whose origin is not listed has no score.
"""

from __future__ import annotations

from configs.schema.judges.by_rule import ProvenanceJudge
from tasks.core.joined import Group
from tasks.core.records import Label, Sample, Verdict
from tasks.judge.kind import Evidence, JudgeKind


def provenance_verdicts(judge: ProvenanceJudge, group: Group, evidence: Evidence) -> list[Verdict]:
    """The score of each sample's origin."""
    return [_verdict(judge, sample) for sample in group.whole_samples]


def _verdict(judge: ProvenanceJudge, sample: Sample) -> Verdict:
    origin = {"draw": sample.draw_name, "state": sample.state, "role": sample.by, "part": sample.part}[judge.by]
    score = judge.scores.get(origin)
    note = f"{judge.by} '{origin}' has no score" if score is None else None
    return Verdict(sample.id, sample.problem_id, judge.name, str(Label.UNSCORED), score, note=note)


KIND = JudgeKind(version=1, verdicts=provenance_verdicts, middle=lambda judge: None)
