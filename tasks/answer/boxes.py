r"""The last \boxed{...} of a text."""

from __future__ import annotations

import re

from tasks.answer.cues import find_turn
from tasks.answer.value import UnreadableError

MAX_CHARACTERS = 2000
"""what a box may hold; a longer one is not read"""
_NUM_BOXES = 6
_BOX = re.compile(r"\\f?box(?:ed)?\s*(?=[{\w])")
_JOINED = re.compile(r"[\s$,;\\()\[\]]*(?:and|or|\\text\{\s*(?:and|or)\s*\})?[\s$,;\\()\[\]]*", re.IGNORECASE)
_DENIED_BEFORE = re.compile(
    r"(?:\b(?:not|never|neither|nor|cannot|except|than)|n't)\s+(?:be\s+|equal\s+to\s+|simply\s+|just\s+)*[$\\(\[\s]*$",
    re.IGNORECASE,
)
_DENIED_AFTER = re.compile(
    r"[\s$)\]\\.]*(?:is|was|would\sbe|cannot\sbe|can't\sbe)\s(?:\w+ly\s)?(?:wrong|incorrect|false|not|right)\b"
)


def find_boxed(text: str) -> str | None:
    r"""Content of the last \boxed{...}, stripped; None without one. A box in a box belongs to the outer one.

    Raises:
        UnreadableError: the last box does not end, the last two are one answer (`\boxed{1} and \boxed{2}`), or the text
            says that what is in it is not the answer.
    """
    if "box" not in text:
        return None
    found: list[tuple[int, int]] = []
    for match in list(_BOX.finditer(text))[-_NUM_BOXES:]:
        if not found or match.start() >= found[-1][1]:
            found.append((match.end(), _end(text, match.end())))
    contents = [text[begin:end].strip().removeprefix("{").removesuffix("}").strip() for begin, end in found]
    if len(found) > 1 and contents[-1] != contents[-2]:
        (_, end), (begin, _) = found[-2:]
        gap = text[end : text.rindex("\\", end, begin)]
        if len(gap) < 40 and _JOINED.fullmatch(gap):
            raise UnreadableError("the text ends in several boxes")
    if not contents:
        return None
    begin, end = text.rindex("\\", 0, found[-1][0]), found[-1][1]
    if _DENIED_BEFORE.search(text[max(0, begin - 40) : begin]) or _DENIED_AFTER.match(text, end):
        raise UnreadableError("the last box is said to be wrong")
    if find_turn(text[end:]) is not None:
        raise UnreadableError("the text takes its last box back")
    return contents[-1]


def _end(text: str, begin: int) -> int:
    r"""Where a box ends: at its closing brace, or after `\boxed` without braces at the end of the word."""
    if text[begin] != "{":
        word = re.compile(r"[\w.,/]*\w").match(text, begin)
        return word.end() if word else begin
    depth = 0
    for position in range(begin, min(len(text), begin + MAX_CHARACTERS)):
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        if depth == 0:
            return position + 1
    raise UnreadableError("the last box does not end")
