"""Rules between sets: no problem in two of them, a gold answer or a solution where one is needed.

Called by `run.py` for all sets together. Two problems are the same when their messages are, white space aside, whatever
their ids.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, product

from configs.errors import ProblemsError
from tasks.core.records import Message, Problem

SETS_APART = "take the rows apart with start and limit, or remove the problem from one of the two"
OWN_IDS = "name a field with unique values in mapping.id, or leave it out"


def fingerprint(messages: Iterable[Message]) -> str:
    """SHA-256 of a chat, 64 hexadecimal digits; runs of white space count as one blank."""
    chat = [[message.role, " ".join(message.content.split())] for message in messages]
    return hashlib.sha256(json.dumps(chat, ensure_ascii=False).encode()).hexdigest()


def check_sets(
    train: Sequence[Problem],
    select: Sequence[Problem],
    report: Sequence[Problem],
    worked: Mapping[str, Sequence[Problem]],
    asked: Mapping[str, Sequence[Problem]],
) -> None:
    """Nothing, where no problem is in two sets that have to be apart: the three, and what is trained on or shown from
    what is measured.

    Args:
        worked: warm starts and examples to be shown, by the set's name.
        asked: sets that models are asked beside the held-out ones, by name.

    Raises:
        ProblemsError: a problem, or an id, is in two sets; names it, both sets and both places, and says how many.
    """
    named = {"train": train, "select": select, "report": report}
    sets = {
        name: {fingerprint(problem.messages): (place, problem) for place, problem in enumerate(problems)}
        for name, problems in {**named, **worked, **asked}.items()
    }
    for first, second in combinations(named, 2):
        _check_apart(first, sets[first], second, sets[second])
        _check_ids(first, named[first], second, named[second])
    for name, measured in product(worked, ("select", "report")):
        _check_apart(name, sets[name], measured, sets[measured])
    for name, measured in product(("train", *worked), asked):
        _check_apart(name, sets[name], measured, sets[measured])


_Printed = dict[str, tuple[int, Problem]]
"""problems of a set, each once, with their places, by fingerprint"""


def _check_apart(first: str, problems: _Printed, second: str, others: _Printed) -> None:
    shared = [(problems[digest], other) for digest, other in others.items() if digest in problems]
    if not shared:
        return
    (here, mine), (there, other) = shared[0]
    count = "1 problem is" if len(shared) == 1 else f"{len(shared)} problems are"
    raise ProblemsError(
        f"{count} in both {first} and {second}: {quote(mine)}, number {here} of {first} "
        f"(id {mine.id}), number {there} of {second} (id {other.id}), counting from 0",
        SETS_APART,
    )


def _check_ids(first: str, problems: Sequence[Problem], second: str, others: Sequence[Problem]) -> None:
    places = {problem.id: place for place, problem in enumerate(problems)}
    for place, problem in enumerate(others):
        if problem.id in places:
            raise ProblemsError(
                f"two problems have the id '{problem.id}': number {places[problem.id]} of {first} and "
                f"number {place} of {second}, counting from 0",
                OWN_IDS,
            )


def require_gold(problems: Iterable[Problem], because: str) -> None:
    """Nothing, where every problem has a gold answer.

    Args:
        because: who needs it, as the end of a sentence: `the judge 'answer' compares with it`.

    Raises:
        ProblemsError: names the first problem without one.
    """
    for place, problem in enumerate(problems):
        if problem.gold is None:
            raise ProblemsError(
                f"problem {problem.id} ({quote(problem)}), number {place} counting from 0, has no gold answer, "
                f"and {because}",
                "say where the answer is: mapping.answer: {field: ..., pattern: ...}",
            )


def require_solutions(problems: Iterable[Problem], because: str) -> None:
    """Nothing, where every problem has a worked solution; errors as `require_gold`."""
    for place, problem in enumerate(problems):
        if problem.solution is None:
            raise ProblemsError(
                f"problem {problem.id} ({quote(problem)}), number {place} counting from 0, has no worked solution, "
                f"and {because}",
                "say where the solution is: mapping.solution: {field: ...}",
            )


def quote(problem: Problem) -> str:
    """How messages show a problem: its last turn, cut. Of three paragraphs or more it is the last: before it stand
    worked examples, which are the same for all."""
    paragraphs = [part for part in problem.messages[-1].content.split("\n\n") if part.strip()]
    shown = paragraphs[-1:] if len(paragraphs) >= 3 else paragraphs
    text = " ".join(" ".join(shown).split())
    return repr(text if len(text) <= 60 else text[:57] + "...")
