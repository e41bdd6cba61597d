"""Which problems come together in a wave: twins, two wordings of one problem (Co-rewarding, arXiv 2508.00410). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from configs.errors import ProblemsError
from tasks.core.records import Problem

TAG = "twin"


def first_of_pairs(problems: Sequence[Problem], twins: Mapping[str, str]) -> list[Problem]:
    """The first problem of each pair that is whole, in their order; problems without a twin are left out."""
    known, behind = {problem.id for problem in problems}, set[str]()
    found = []
    for problem in problems:
        other = twins.get(problem.id)
        if other in known and problem.id not in behind:
            found.append(problem)
            behind.add(twins[problem.id])
    return found


def twins_of(problems: Sequence[Problem]) -> dict[str, str]:
    """By id the problem that a problem's tag `twin` names, where that one names it too.

    Raises:
        ProblemsError: a twin is named that is not there, or names another one; or there are no twins.
    """
    named = {problem.id: dict(tag.partition("=")[::2] for tag in problem.tags).get(TAG) for problem in problems}
    for one, other in named.items():
        if other is not None and (other == one or named.get(other) != one):
            raise ProblemsError(
                f"problem {one}: its twin {other} is not in the train set, or names another twin",
                "give both problems an id and the tag twin with the other's id: mapping: {id: id, tags: [twin]}",
            )
    twins = {one: other for one, other in named.items() if other is not None}
    if not twins:
        raise ProblemsError(
            "online.starts: twins, and no problem of the train set has a tag twin",
            "name the field that holds the other wording's id: mapping: {id: id, tags: [twin]}",
        )
    return twins
