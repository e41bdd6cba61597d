"""Samples of several steps, such as generate and guide, with what judges said of them: all that a round may train on.

Used by the stages after judging, and by the report of a round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from heapq import merge

from tasks.core.files import SAMPLES, VERDICTS
from tasks.core.joined import Candidate, joined
from tasks.core.ledger import Ledger
from tasks.core.records import Problem, Sample, Verdict
from tasks.core.refs import StepRef

OpenSource = Callable[[], tuple[Iterable[Sample], Iterable[Verdict]]]
"""opens the texts of episodes and the verdicts on them: one for each answer and judge, in the order of judging"""


def source_of(ledger: Ledger, samples: StepRef, verdicts: StepRef) -> OpenSource:
    """The texts of a step with the verdicts on its answers; as often as it is called."""
    return lambda: (SAMPLES.read_all(ledger, samples), VERDICTS.read(ledger, verdicts))


def joined_sources(
    sources: Sequence[OpenSource], judges: Sequence[str], problems: Mapping[str, Problem]
) -> Iterator[Candidate]:
    """`joined` of several steps, merged: a problem's samples lie together, in the order of the steps.

    Args:
        sources: of two or more, problems follow the order of `problems` in each.
        judges: names.
        problems: by id.

    Raises:
        UserError: while streaming: the verdicts are not those of the samples.
        ProblemsError: while streaming: a sample's problem is not there.
    """
    places = {problem_id: place for place, problem_id in enumerate(problems)}
    streams = [joined(*open_source(), judges, problems) for open_source in sources]
    return merge(*streams, key=lambda candidate: places[candidate.problem.id])
