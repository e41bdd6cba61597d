"""Worked solutions as training examples. Called by the warm start's task. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from configs.errors import ProblemsError
from tasks.core.records import Example, Problem, written


def worked_examples(problems: Iterable[Problem]) -> Iterator[Example]:
    """One example a problem: its chat, completed by its solution.

    Raises:
        ProblemsError: a problem has no solution.
    """
    for problem in problems:
        if problem.solution is None:
            raise ProblemsError(
                f"problem {problem.id} of the warm start has no worked solution",
                "say where it is: mapping.solution: {field: ...}",
            )
        yield Example(f"gold/{problem.id}", problem.id, problem.messages, written(problem.solution))
