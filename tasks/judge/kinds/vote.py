"""Judge `vote`: self-consistency. "Large Language Models Can Self-Improve" (LMSI), arXiv 2210.11610.

score(y) = votes of y's answer / samples of the problem. Samples without an answer and truncated ones stay in the
denominator and never win. The majority's samples are called correct, others wrong.

Where this differs from the paper:
1. A tie for the top calls nothing: all samples with an answer are unscored by label, so that the question is dropped.
2. The confidence threshold is select's `threshold`, and the four prompt formats of a kept chain are not made.

Answers are equal where their canonical text is (`extract` of each verifier): `tolerance` of `number` is not used, and a
percentage votes as its number (50% with 50).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import closing
from itertools import groupby, tee

from configs.schema.judge import VoteJudge
from tasks.core.records import Label, Problem, Sample, Verdict
from tasks.judge.kinds.answer import Outcome, VerifyAll, items_to_verify, truncated_verdict

VERSION = 1


def vote_verdicts(
    samples: Iterable[Sample], problems: Mapping[str, Problem], judge: VoteJudge, verify: VerifyAll
) -> Generator[Verdict, None, None]:
    """One verdict a sample, in order; one problem's samples in memory.

    Raises:
        ProblemsError: a sample's problem is not there.
    """
    own, copy = tee(samples)
    with closing(verify(judge, items_to_verify(copy, problems, judge))) as outcomes:
        for _, members in groupby(own, key=lambda sample: sample.problem_id):
            group = list(members)
            found = [None if sample.is_truncated else next(outcomes) for sample in group]
            yield from count_votes(judge.name, group, found)


def count_votes(judge: str, samples: Sequence[Sample], outcomes: Sequence[Outcome | None]) -> list[Verdict]:
    """Verdicts on all samples of one problem.

    Args:
        outcomes: a Finding with the answer for each sample, or a failure; None for a truncated sample.
    """
    answers = [_answer(outcome) for outcome in outcomes]
    votes = Counter(answer for answer in answers if answer is not None)
    most = max(votes.values(), default=0)
    winners = [answer for answer, count in votes.items() if count == most]
    majority = winners[0] if len(winners) == 1 else None
    verdicts = []
    for sample, outcome, answer in zip(samples, outcomes, answers, strict=True):
        if outcome is None:
            verdicts.append(truncated_verdict(sample, judge))
        elif answer is None:
            verdicts.append(_without_answer(judge, sample, outcome))
        else:
            share = votes[answer] / len(samples)
            verdicts.append(_with_answer(judge, sample, answer, share, majority))
    return verdicts


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


def _answer(outcome: Outcome | None) -> str | None:
    return outcome.value.answer if outcome is not None and outcome.failure is None else None
