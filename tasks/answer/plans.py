"""Sentences that say what is to be done, and hold numbers that are given: `first find the cost of the 25 pens`.

Called by `last_line.py`.
"""

from __future__ import annotations

import re
from collections.abc import Set

from tasks.answer.statement_words import words_of
from tasks.answer.tongues import FIRST_THEN
from tasks.answer.value import UnreadableError

_VERBS = words_of(
    "find calculate compute determine work figure solve look subtract add multiply divide take split convert consider"
)
"""one of them is in all that `_TO_DO` finds"""
_FIRST = words_of("first start begin zuerst primero primeiro d'abord prima innanzitutto")
"""one of them is in all plans of several steps that are written without accents"""
_TO_DO = re.compile(
    r"(?:\b(?:first|then|next|finally|(?:need|have|going|ought|want|how)\sto|must|should|shall|will|would|could|can|let's|"
    r"let\sus|(?:i|we|you)'(?:ll|d))[\s,]+(?:\w+ly\s|just\s|first\s|then\s)?|(?:^|[.!?:;]\s)(?:\W*to\s[^.,\d]{3,60},\s)?)"
    r"(?:(?:find|calculate|compute|determine|work\sout|figure\sout|solve|look\sat)\s[^\d.=]*\b(?:of|for|how|by|from|with|in|on|at|if|all)\s"
    r"|(?:subtract|add|multiply|divide|take|split|convert|consider)\s(?!up\sto))[^\d.=]*[$\u20ac\u00a3]?$",
    re.IGNORECASE,
)
"""before a number: what it is to be done with or of"""
_ENDS = re.compile(r"[.!?\n\u3002]")


def refuse_plan(words: Set[str], sentence: str, before: str, rest: str) -> None:
    """UnreadableError where a sentence says what is to be done, and its number is none that comes of it.

    Args:
        words: of its line, in small letters.
        sentence: to the end of the number, without an equation.
        before: to its begin.
        rest: what follows.
    """
    is_to_do, is_first = not words.isdisjoint(_VERBS), not words.isdisjoint(_FIRST) or not sentence.isascii()
    if not (is_to_do or is_first):
        return
    end = _ENDS.search(rest)
    behind = rest if end is None else rest[: end.start()]
    is_plan = (is_to_do and _TO_DO.search(before)) or (is_first and behind and FIRST_THEN.search(sentence + behind))
    if is_plan and not re.search(r"\d", behind):
        raise UnreadableError("the text says what is to be done, and no result")
