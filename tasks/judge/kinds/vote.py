"""Judge `vote`: self-consistency. "Large Language Models Can Self-Improve" (LMSI), arXiv 2210.11610.

score(y) = votes of y's answer / samples of the problem; with `with_self: false`, both without y itself. Samples without
an answer and truncated ones never win, and stay in the denominator unless it is `parseable`. The majority's samples are
called correct, others wrong.

Where this differs from the paper:
1. A tie for the top calls nothing: all samples with an answer are unscored by label, so that the question is dropped.
2. The confidence threshold is select's `threshold`, and the four prompt formats of a kept chain are not made.

Answers are equal as `tasks/answer/equal.py` says, from what each verifier's `extract` finds: `tolerance` of `number` is
not used. A verdict's answer is the one that stands for all its equals.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from configs.schema.judges.by_rule import VoteJudge
from tasks.answer.equal import clusters
from tasks.core.joined import Group
from tasks.core.records import Label, Sample, Verdict
from tasks.judge.kind import SHARES, Evidence, JudgeKind
from tasks.judge.verifiers.pool import Outcome


def vote_verdicts(judge: VoteJudge, group: Group, evidence: Evidence) -> list[Verdict]:
    """Shares of all samples of the problem, the truncated ones included; of the others with `with_self: false`."""
    number = len(group.samples) if judge.denominator == "all" else _num_answers(evidence.outcomes)
    verdicts = count_votes(judge.name, group.whole_samples, evidence.outcomes, number)
    return verdicts if judge.with_self else [_without_self(verdict, number) for verdict in verdicts]


def _without_self(verdict: Verdict, number: int) -> Verdict:
    """Args:
    number: samples of the problem; a lone one has no others, and no score.
    """
    if verdict.score is None:
        return verdict
    if number < 2:
        return replace(verdict, score=None, label=str(Label.UNSCORED), note="the problem has no other sample")
    return replace(verdict, score=(verdict.score * number - 1) / (number - 1))


def count_votes(judge: str, samples: Sequence[Sample], outcomes: Sequence[Outcome], num_samples: int) -> list[Verdict]:
    """Verdicts on the whole samples of one problem.

    Args:
        outcomes: a Finding with the answer for each sample, or a failure.
        num_samples: of the problem, truncated ones included; or what else a share is of.
    """
    answers = clusters([_answer(outcome) for outcome in outcomes])
    votes = Counter(answer for answer in answers if answer is not None)
    most = max(votes.values(), default=0)
    winners = [answer for answer, count in votes.items() if count == most]
    majority = winners[0] if len(winners) == 1 else None
    return [
        _without_answer(judge, sample, outcome)
        if answer is None
        else _with_answer(judge, sample, answer, votes[answer] / num_samples, majority)
        for sample, outcome, answer in zip(samples, outcomes, answers, strict=True)
    ]


def _with_answer(judge: str, sample: Sample, answer: str, share: float, majority: str | None) -> Verdict:
    if majority is None:
        return Verdict(sample.id, sample.problem_id, judge, str(Label.UNSCORED), share, answer, "tie for the top")
    label = Label.CORRECT if answer == majority else Label.WRONG
    return Verdict(sample.id, sample.problem_id, judge, str(label), share, answer)


def _without_answer(judge: str, sample: Sample, outcome: Outcome) -> Verdict:
    if outcome.failure is not None:
        error = str(Label.VERIFIER_ERROR)
        return Verdict(sample.id, sample.problem_id, judge, error, note=outcome.failure)
    return Verdict(sample.id, sample.problem_id, judge, str(Label.UNPARSEABLE), note="no answer found")


def _num_answers(outcomes: Sequence[Outcome]) -> int:
    return sum(_answer(outcome) is not None for outcome in outcomes)


def _answer(outcome: Outcome) -> str | None:
    return outcome.value.answer if outcome.failure is None else None


KIND = JudgeKind(version=2, verdicts=vote_verdicts, scale=lambda judge: SHARES)
