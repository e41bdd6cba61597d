"""Samples, verdicts and problems joined into the candidates of one problem at a time. Called by `task.py` and
`selfloop stage`.

Samples may come from several steps, the generate step and the guide step: their streams are merged in the order of the
problems, and a problem's samples keep the order of the steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from heapq import merge

from tasks.core.joined import by_problem, joined, with_chains
from tasks.core.records import Problem, Sample, Verdict
from tasks.select.filters.filter import Group, OpenGroups

OpenSource = Callable[[], tuple[Iterable[Sample], Iterable[Verdict]]]
"""opens samples and the verdicts on them: one for each answer and judge, in the order that the judge stage gives"""


def open_groups(
    sources: Sequence[OpenSource], problems: Mapping[str, Problem], judge_names: Sequence[str]
) -> OpenGroups:
    """A function that streams the round's problems with their candidates, as often as it is called.

    Candidates are the answers: attempts, and steps that are chosen among others. Other texts of an episode stand in
    their chains.

    Args:
        sources: in each, samples of a problem lie together; of two or more, problems follow the order of `problems`.
        problems: by id.
        judge_names: in the recipe's order.

    Raises:
        UserError: while streaming: verdicts are not those of the samples, samples of a problem lie apart, or a chain
            lacks a text.
        ProblemsError: while streaming: a sample's problem is not there.
    """
    places = {problem_id: place for place, problem_id in enumerate(problems)}

    def groups() -> Iterator[Group]:
        streams = [joined(*open_source(), judge_names, problems) for open_source in sources]
        merged = merge(*streams, key=lambda candidate: places[candidate.problem.id])
        return map(with_chains, by_problem(merged))

    return groups
