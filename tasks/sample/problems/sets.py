"""Rules between problems: none twice in a set, none in two sets, a gold answer where one is needed.

Called by `sources.py` for each set, and by the problems task for all of them together. Two problems are the same
when their messages are, white space aside, whatever their ids.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from itertools import combinations

from configs.errors import ProblemsError
from tasks.core.records import Message, Problem

SETS_APART = "take the rows apart with start and limit, or remove the problem from one of the two"
OWN_IDS = "name a field with unique values in mapping.id, or leave it out"


def fingerprint(messages: Iterable[Message]) -> str:
    """SHA-256 of a chat, 64 hexadecimal digits; runs of white space count as one blank."""
    chat = [[message.role, " ".join(message.content.split())] for message in messages]
    return hashlib.sha256(json.dumps(chat, ensure_ascii=False).encode()).hexdigest()


def drop_repeats(problems: Iterable[Problem], name: str) -> tuple[list[Problem], int]:
    """One set with each problem once, and how many repeats were left out.

    A problem that comes again with the same gold answer is left out: published sets have such rows, and counting
    them twice would say nothing new.

    Raises:
        ProblemsError: two problems have one id, or one problem has two gold answers.
    """
    first_by_print: dict[str, tuple[int, Problem]] = {}
    first_by_id: dict[str, tuple[int, str]] = {}
    num_problems = 0
    for number, problem in enumerate(problems):
        num_problems += 1
        digest = fingerprint(problem.messages)
        first_number, first = first_by_print.setdefault(digest, (number, problem))
        if first.gold != problem.gold:
            raise ProblemsError(
                f"{name}: number {first_number} and number {number}, counting from 0, are the same problem "
                f"({_quote(problem)}) with two answers: {first.gold} and {problem.gold}",
                "correct or remove one of the two",
            )
        id_number, id_digest = first_by_id.setdefault(problem.id, (number, digest))
        if id_digest != digest:
            raise ProblemsError(
                f"{name}: number {id_number} and number {number}, counting from 0, both have the id '{problem.id}'",
                OWN_IDS,
            )
    return [problem for _, problem in first_by_print.values()], num_problems - len(first_by_print)


def check_sets(
    train: Sequence[Problem],
    select: Sequence[Problem],
    report: Sequence[Problem],
    **worked: Sequence[Problem],
) -> None:
    """Nothing, where no problem is in two of the sets. Only train and sets of worked examples may share problems.

    Args:
        worked: warm starts and examples to be shown, by the set's name.

    Raises:
        ProblemsError: a problem, or an id, is in two sets; names it, both sets and both places, and says how many.
    """
    named = (("train", train), ("select", select), ("report", report))
    for (first, problems), (second, others) in combinations(named, 2):
        _check_apart(first, problems, second, others)
        _check_ids(first, problems, second, others)
    for name, problems in worked.items():
        _check_apart(name, problems, "select", select)
        _check_apart(name, problems, "report", report)


def _check_apart(first: str, problems: Sequence[Problem], second: str, others: Sequence[Problem]) -> None:
    places = {fingerprint(problem.messages): place for place, problem in enumerate(problems)}
    shared = [
        (places[digest], place)
        for place, problem in enumerate(others)
        if (digest := fingerprint(problem.messages)) in places
    ]
    if not shared:
        return
    here, there = shared[0]
    count = "1 problem is" if len(shared) == 1 else f"{len(shared)} problems are"
    raise ProblemsError(
        f"{count} in both {first} and {second}: {_quote(problems[here])}, number {here} of {first} "
        f"(id {problems[here].id}), number {there} of {second} (id {others[there].id}), counting from 0",
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
                f"problem {problem.id} ({_quote(problem)}), number {place} counting from 0, has no gold answer, "
                f"and {because}",
                "say where the answer is: mapping.answer: {field: ..., pattern: ...}",
            )


def require_solutions(problems: Iterable[Problem], because: str) -> None:
    """Nothing, where every problem has a worked solution; errors as `require_gold`."""
    for place, problem in enumerate(problems):
        if problem.solution is None:
            raise ProblemsError(
                f"problem {problem.id} ({_quote(problem)}), number {place} counting from 0, has no worked solution, "
                f"and {because}",
                "say where the solution is: mapping.solution: {field: ...}",
            )


def _quote(problem: Problem) -> str:
    text = " ".join(problem.messages[-1].content.split())
    return repr(text if len(text) <= 60 else text[:57] + "...")
