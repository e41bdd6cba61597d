"""Samples, verdicts and problems joined into the candidates of one problem at a time. Called by `task.py` and
`selfloop stage`.

Samples may come from several steps, the generate step and the guide step: their streams are merged in the order of the
problems, and a problem's samples keep the order of the steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tasks.core.joined import by_problem, with_chains
from tasks.core.records import Problem
from tasks.core.sources import OpenSource, joined_sources
from tasks.select.filters.filter import Group, OpenGroups


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

    def groups() -> Iterator[Group]:
        return map(with_chains, by_problem(joined_sources(sources, judge_names, problems)))

    return groups
