"""Samples, verdicts and problems joined into the candidates of one problem at a time. Called by `task.py` and
`selfloop stage`.

Samples may come from several steps, the generate step and the guide step: their streams are merged in the order of the
problems, and a problem's samples keep the order of the steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from tasks.core.joined import Candidate, by_problem, with_chains
from tasks.core.records import Judgement, Problem
from tasks.core.sources import OpenSource, joined_sources
from tasks.judge.judgements import ByProblem
from tasks.select.filters.filter import Group, OpenGroups

OpenJudgements = Callable[[], Iterator[Judgement]]
"""opens what a judge's model wrote about the samples of one step, in their order"""


def open_groups(
    sources: Sequence[OpenSource],
    problems: Mapping[str, Problem],
    judge_names: Sequence[str],
    judgements: Sequence[OpenJudgements] = (),
) -> OpenGroups:
    """A function that streams the round's problems with their candidates, as often as it is called.

    Candidates are the answers: attempts, and steps that are chosen among others. Other texts of an episode stand in
    their chains.

    Args:
        sources: in each, samples of a problem lie together; of two or more, problems follow the order of `problems`.
        problems: by id.
        judge_names: in the recipe's order.
        judgements: of steps and judges in any order; in each, problems lie as in the samples.

    Raises:
        UserError: while streaming: verdicts are not those of the samples, samples of a problem lie apart, or a chain
            lacks a text.
        ProblemsError: while streaming: a sample's problem is not there.
    """

    def groups() -> Iterator[Group]:
        streams = [ByProblem(open_stream()) for open_stream in judgements]
        for members in by_problem(joined_sources(sources, judge_names, problems)):
            yield with_chains(_with_judgements(members, streams) if streams else members)

    return groups


def _with_judgements(members: Sequence[Candidate], streams: Sequence[ByProblem]) -> list[Candidate]:
    """The texts of one problem, each with what was written about it."""
    rows: dict[str, list[Judgement]] = {}
    for stream in streams:
        for row in stream.take(members[0].problem.id):
            rows.setdefault(row.sample_id, []).append(row)
    return [replace(one, judgements=tuple(rows.get(one.sample.id, ()))) for one in members]
