"""The judge stage: from samples, and what judging models said of them, to verdicts. One pass, bounded memory.

Called by `task.py`, by `run.py` and by the evaluation. Verifiers run elsewhere, behind `verify` (see `run.py`); models
were asked before, and their answers come as Judgement rows in the order of the samples (see `ask.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from itertools import tee

from configs.schema.judge import AnswerJudge, Judge, SumJudge, VoteJudge
from tasks.core.joined import group_samples
from tasks.core.records import Judgement, Problem, Sample, Verdict
from tasks.judge import sum as sum_judge
from tasks.judge import vote
from tasks.judge.answer import VerifyAll, answer_verdicts, truncated_verdict
from tasks.judge.importance import TRUSTED
from tasks.judge.kinds import KINDS
from tasks.judge.questions import ModelJudge
from tasks.judge.verifiers.registry import verifier_versions

VERSION = 1
Judgements = Callable[[str, str], Iterator[Judgement]]
"""From a judge's name and the name of a pass to its rows, in the order of the samples."""


def no_judgements(judge: str, part: str) -> Iterator[Judgement]:
    """For judges by rule, which read none."""
    raise LookupError(f"judge '{judge}' asks a model, and there are no judgements of it")


def judge_samples(
    samples: Iterable[Sample],
    problems: Mapping[str, Problem],
    judges: Sequence[Judge],
    verify: VerifyAll,
    judgements: Judgements = no_judgements,
) -> Iterator[Verdict]:
    """One verdict for every sample and judge: all verdicts of a sample, in the order of the judges, then the next.

    A truncated sample is judged by none. At most one problem's samples, and what `verify` reads ahead, are in memory.

    Raises:
        ProblemsError: a sample's problem is not there, or has no gold answer that a judge can compare with.
    """
    streaming = [judge for judge in judges if not isinstance(judge, SumJudge)]
    own, *copies = tee(samples, len(streaming) + 1)
    with ExitStack() as stack:
        streams = {
            judge.name: stack.enter_context(closing(_verdicts(copy, problems, judge, verify, judgements)))
            for judge, copy in zip(streaming, copies, strict=True)
        }
        del copies  # a copy that nobody reads would hold every sample
        for sample in own:
            made: dict[str, Verdict] = {}
            for judge in judges:
                made[judge.name] = _verdict(judge, sample, streams, made)
                yield made[judge.name]


def component_versions(judges: Sequence[Judge]) -> dict[str, int | str]:
    """Versions of all code that can change these judges' verdicts, for step keys."""
    versions: dict[str, int | str] = {"judge": VERSION}
    for judge in judges:
        versions |= {f"{judge.name}.{name}": version for name, version in _versions(judge).items()}
    return versions


def _versions(judge: Judge) -> Mapping[str, int | str]:
    if isinstance(judge, AnswerJudge):
        return verifier_versions(judge.verifier)
    if isinstance(judge, VoteJudge):
        return {"vote": vote.VERSION, **verifier_versions(judge.verifier)}
    return {judge.kind: sum_judge.VERSION if isinstance(judge, SumJudge) else KINDS[judge.kind].version}


def _verdict(
    judge: Judge, sample: Sample, streams: Mapping[str, Iterator[Verdict]], made: Mapping[str, Verdict]
) -> Verdict:
    if not isinstance(judge, SumJudge):
        return next(streams[judge.name])
    return truncated_verdict(sample, judge.name) if sample.is_truncated else sum_judge.sum_verdict(judge, sample, made)


def _verdicts(
    samples: Iterator[Sample], problems: Mapping[str, Problem], judge: Judge, verify: VerifyAll, judgements: Judgements
) -> Generator[Verdict, None, None]:
    if isinstance(judge, AnswerJudge):
        return answer_verdicts(samples, problems, judge, verify)
    if isinstance(judge, VoteJudge):
        return vote.vote_verdicts(samples, problems, judge, verify)
    assert not isinstance(judge, SumJudge)
    return _model_verdicts(samples, problems, judge, judgements)


def _model_verdicts(
    samples: Iterator[Sample], problems: Mapping[str, Problem], judge: ModelJudge, judgements: Judgements
) -> Generator[Verdict, None, None]:
    kind = KINDS[judge.kind]
    parts = kind.parts(judge)
    streams = [_ByProblem(judgements(judge.name, part)) for part in parts if part != TRUSTED]
    trusted = list(judgements(judge.name, TRUSTED)) if TRUSTED in parts else []
    for group in group_samples(samples, problems):
        rows = [row for stream in streams for row in stream.take(group.problem.id)]
        judged = iter(kind.verdicts(judge, group.whole_samples, rows, trusted))
        for sample in group.samples:
            yield truncated_verdict(sample, judge.name) if sample.is_truncated else next(judged)


class _ByProblem:
    """Rows of one pass, taken problem by problem in their order."""

    def __init__(self, rows: Iterator[Judgement]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    def take(self, problem_id: str) -> list[Judgement]:
        """The rows that come next and are of this problem; none where no question was asked about it."""
        taken = []
        while self._next is not None and self._next.problem_id == problem_id:
            taken.append(self._next)
            self._next = next(self._rows, None)
        return taken
