"""Samples, verdicts and problems joined into groups, one problem at a time. Called by `task.py` and `selfloop stage`.

Samples may come from several steps, the generate step and the guide step: their streams are merged in the order of the
problems, and a problem's samples keep the order of the steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import groupby

from configs.errors import ProblemsError, UserError
from tasks.core.records import Problem, Sample, Verdict
from tasks.select.filters.filter import Candidate, Group, OpenGroups

OpenSource = Callable[[], tuple[Iterable[Sample], Iterable[Verdict]]]
"""opens samples and the verdicts on them: one for each sample and judge, in the order that the judge stage gives"""


def open_groups(
    sources: Sequence[OpenSource], problems: Mapping[str, Problem], judge_names: Sequence[str]
) -> OpenGroups:
    """A function that streams the round's problems with their candidates, as often as it is called.

    Args:
        sources: in each, samples of a problem lie together; of two or more, problems follow the order of `problems`.
        problems: by id.
        judge_names: in the recipe's order.

    Raises:
        UserError: while streaming: verdicts are not those of the samples, or samples of a problem lie apart.
        ProblemsError: while streaming: a sample's problem is not there.
    """
    places = {problem_id: place for place, problem_id in enumerate(problems)}

    def groups() -> Iterator[Group]:
        streams = [_join(*open_source(), problems, judge_names) for open_source in sources]
        return _group(merge(*streams, key=lambda candidate: places[candidate.problem.id]))

    return groups


def _group(candidates: Iterable[Candidate]) -> Iterator[Group]:
    seen: set[str] = set()
    for problem_id, group in groupby(candidates, key=lambda candidate: candidate.problem.id):
        if problem_id in seen:
            raise UserError(
                f"samples of problem {problem_id} lie apart", "sort the samples by problem, then judge them"
            )
        seen.add(problem_id)
        yield list(group)


def _join(
    samples: Iterable[Sample],
    verdicts: Iterable[Verdict],
    problems: Mapping[str, Problem],
    judge_names: Sequence[str],
) -> Iterator[Candidate]:
    stream = iter(verdicts)
    for sample in samples:
        by_judge: dict[str, Verdict] = {}
        for name in judge_names:
            verdict = next(stream, None)
            if verdict is None or (verdict.sample_id, verdict.judge) != (sample.id, name):
                raise _mismatch(f"sample {sample.id}, judge {name}", verdict)
            by_judge[name] = verdict
        yield Candidate(sample, by_judge, _problem_of(sample, problems))
    if (verdict := next(stream, None)) is not None:
        raise _mismatch("the end", verdict)


def _problem_of(sample: Sample, problems: Mapping[str, Problem]) -> Problem:
    if sample.problem_id not in problems:
        raise ProblemsError(
            f"sample {sample.id} belongs to problem {sample.problem_id}, which is not among the problems",
            "give the problems that the samples were drawn from",
        )
    return problems[sample.problem_id]


def _mismatch(expected: str, verdict: Verdict | None) -> UserError:
    found = f"sample {verdict.sample_id}, judge {verdict.judge}" if verdict else "the end"
    return UserError(
        f"the verdicts are not those of the samples: expected {expected}, found {found}",
        "judge these samples with the recipe's judges, and give the verdicts unchanged",
    )
