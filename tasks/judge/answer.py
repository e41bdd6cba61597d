"""Judge `answer`: the sample's answer is compared with the gold answer, by rule.

Verifiers run elsewhere, behind `verify` (see `run.py`); a bounded number of samples is in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from itertools import tee
from typing import Any, Protocol

from configs.errors import ProblemsError
from configs.schema.judge import AnswerJudge, VoteJudge
from tasks.core.joined import find_problem
from tasks.core.records import Label, Problem, Sample, Verdict
from tasks.judge.verifiers.finding import Finding
from tasks.judge.verifiers.registry import Item, explain_gold

_LABELS = {True: Label.CORRECT, False: Label.WRONG, None: Label.UNPARSEABLE}


class Outcome(Protocol):
    """What verifying one item gave: a Finding as `value`, or a `failure` in words."""

    @property
    def value(self) -> Any: ...

    @property
    def failure(self) -> str | None: ...


VerifyAll = Callable[[Any, Iterable[Item]], Generator[Outcome, None, None]]
"""From an answer or vote judge to one outcome an item, in the items' order; it may read a bounded number ahead. For a
vote judge the Finding holds the answer alone. Closing it frees its workers."""


def answer_verdicts(
    samples: Iterable[Sample], problems: Mapping[str, Problem], judge: AnswerJudge, verify: VerifyAll
) -> Generator[Verdict, None, None]:
    """One verdict a sample, in order. A truncated sample is never verified.

    Raises:
        ProblemsError: a sample's problem is not there, or has no gold answer that the judge can compare with.
    """
    own, copy = tee(samples)
    with closing(verify(judge, items_to_verify(copy, problems, judge))) as outcomes:
        for sample in own:
            yield make_verdict(sample, judge.name, None if sample.is_truncated else next(outcomes))


def make_verdict(sample: Sample, judge: str, outcome: Outcome | None) -> Verdict:
    """The verdict on one sample; no outcome means that it is truncated and was not verified."""
    if outcome is None:
        return truncated_verdict(sample, judge)
    if outcome.failure is not None:
        label, finding = Label.VERIFIER_ERROR, Finding(note=outcome.failure)
    else:
        finding = outcome.value
        is_bare_score = finding.is_correct is None and finding.score is not None
        label = Label.UNSCORED if is_bare_score else _LABELS[finding.is_correct]
    score = float(finding.is_correct) if finding.score is None and finding.is_correct is not None else finding.score
    return Verdict(sample.id, sample.problem_id, judge, str(label), score, finding.answer, finding.note)


def truncated_verdict(sample: Sample, judge: str) -> Verdict:
    """The verdict of every judge on a truncated sample."""
    note = "the text ended at max_tokens"
    return Verdict(sample.id, sample.problem_id, judge, str(Label.TRUNCATED), note=note)


def items_to_verify(
    samples: Iterable[Sample], problems: Mapping[str, Problem], judge: AnswerJudge | VoteJudge
) -> Iterator[Item]:
    """The samples that are not truncated, each with its problem; errors as `answer_verdicts`."""
    sound: Problem | None = None
    for sample in samples:
        if sound is None or sample.problem_id != sound.id:
            sound = find_problem(sample, problems)
            if isinstance(judge, AnswerJudge):
                _check_gold(sound, judge)
        if not sample.is_truncated:
            yield sound, sample


def _check_gold(problem: Problem, judge: AnswerJudge) -> None:
    complaint = explain_gold(problem.gold, judge.verifier)
    if complaint is not None:
        raise ProblemsError(
            f"problem {problem.id} {complaint}; judge '{judge.name}' ({judge.verifier.kind}) needs one",
            "set the source's mapping.answer, mend the problem, or choose another verifier",
        )
