"""What is asked of the problems of a set: a gold answer or a solution where one is needed; and how they are told apart.

Two problems are the same when their messages are, white space aside, whatever their ids.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from configs.errors import ProblemsError
from tasks.core.records import Message, Problem

OWN_IDS = "name a field with unique values in mapping.id, or leave it out"


def fingerprint(messages: Iterable[Message]) -> str:
    """SHA-256 of a chat, 64 hexadecimal digits; runs of white space count as one blank."""
    chat = [[message.role, " ".join(message.content.split())] for message in messages]
    return hashlib.sha256(json.dumps(chat, ensure_ascii=False).encode()).hexdigest()


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
