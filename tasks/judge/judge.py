"""The judge stage: from samples to verdicts, in one pass that holds a bounded number of samples.

Called by `tasks/judge/task.py` and by the evaluation. Verifiers run elsewhere, behind `verify` (see `run.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from itertools import tee
from typing import Any, Protocol

from configs.errors import ProblemsError
from configs.schema.judge import Judge
from tasks.judge.verifiers.finding import Finding
from tasks.judge.verifiers.registry import Item, explain_gold, verifier_versions
from tasks.records import Label, Problem, Sample, Verdict

VERSION = 1
_LABELS = {True: Label.CORRECT, False: Label.WRONG, None: Label.UNPARSEABLE}


class Outcome(Protocol):
    """What verifying one item gave: a Finding as `value`, or a `failure` in words."""

    @property
    def value(self) -> Any: ...

    @property
    def failure(self) -> str | None: ...


VerifyAll = Callable[[Judge, Iterable[Item]], Generator[Outcome, None, None]]
"""One outcome an item, in the items' order; it may read a bounded number ahead. Closing it frees its workers."""


def judge_samples(
    samples: Iterable[Sample], problems: Mapping[str, Problem], judges: Sequence[Judge], verify: VerifyAll
) -> Iterator[Verdict]:
    """One verdict for every sample and judge: all verdicts of a sample, in the order of the judges, then the next.

    A truncated sample is never verified.

    Raises:
        ProblemsError: a sample's problem is not there, or has no gold answer that a judge can compare with.
    """
    own, *copies = tee(samples, len(judges) + 1)
    with ExitStack() as stack:
        outcomes = [
            stack.enter_context(closing(verify(judge, _items(copy, problems, judge))))
            for judge, copy in zip(judges, copies, strict=True)
        ]
        del copies  # a copy that nobody reads would hold every sample
        for sample in own:
            for judge, results in zip(judges, outcomes, strict=True):
                yield make_verdict(sample, judge.name, None if sample.is_truncated else next(results))


def make_verdict(sample: Sample, judge: str, outcome: Outcome | None) -> Verdict:
    """The verdict on one sample; no outcome means that it is truncated and was not verified."""
    if outcome is None:
        label, finding = Label.TRUNCATED, Finding(note="the text ended at max_tokens")
    elif outcome.failure is not None:
        label, finding = Label.VERIFIER_ERROR, Finding(note=outcome.failure)
    else:
        finding = outcome.value
        is_bare_score = finding.is_correct is None and finding.score is not None
        label = Label.UNSCORED if is_bare_score else _LABELS[finding.is_correct]
    score = float(finding.is_correct) if finding.score is None and finding.is_correct is not None else finding.score
    return Verdict(sample.id, sample.problem_id, judge, str(label), score, finding.answer, finding.note)


def component_versions(judges: Sequence[Judge]) -> dict[str, int | str]:
    """Versions of all code that can change these judges' verdicts, for step keys."""
    versions: dict[str, int | str] = {"judge": VERSION}
    for judge in judges:
        versions |= {f"{judge.name}.{name}": version for name, version in verifier_versions(judge.verifier).items()}
    return versions


def _items(samples: Iterable[Sample], problems: Mapping[str, Problem], judge: Judge) -> Iterator[Item]:
    sound: Problem | None = None
    for sample in samples:
        if sound is None or sample.problem_id != sound.id:
            sound = _sound_problem(sample, problems, judge)
        if not sample.is_truncated:
            yield sound, sample


def _sound_problem(sample: Sample, problems: Mapping[str, Problem], judge: Judge) -> Problem:
    problem = problems.get(sample.problem_id)
    if problem is None:
        raise ProblemsError(
            f"sample {sample.id} belongs to problem {sample.problem_id}, which is not among the problems",
            "give the problems that the samples were drawn from",
        )
    complaint = explain_gold(problem.gold, judge.verifier)
    if complaint is not None:
        raise ProblemsError(
            f"problem {problem.id} {complaint}; judge '{judge.name}' ({judge.verifier.kind}) needs one",
            "set the source's mapping.answer, mend the problem, or choose another verifier",
        )
    return problem
