r"""The last \boxed{...} of a text."""

from __future__ import annotations

import re

from tasks.answer.cues import find_turn
from tasks.answer.undecided import is_alternative
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

_LABEL = re.compile(
    r"\b(?:part|case|question|scenario|option|possibility|problem|subpart)s?\s*\(?(?:[a-h]|\d{1,2}|i{1,3}|iv|one|two|three|first|second)\)?(?!\w)"
    r"|\b(?:first|second|third|one|other)\s(?:part|case|question|scenario|possibility|interpretation|reading)\b"
    r"|(?:^|(?<=[\s*,;]))\(?(?:[a-e]|i{1,3}|iv|[1-4])\)(?=[\s:.*$\\])"
    r"|\b(?:if|when|for|where)\s+[$\\(]*(?:[a-z]|\\[a-z]+)\s*(?:[<>=\u2264\u2265\u2260]|\\(?:[lg]e?q?|ne|neq|lt|gt)(?![a-z]))[^,.\n]{0,20}"
    r"|\botherwise\b",
    re.IGNORECASE,
)
"""of one of several parts, cases or readings of a problem; steps are none"""


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
        if find_turn(gap) is None and (is_alternative(gap[-200:]) or _are_parts(text, found[-2:])):
            raise UnreadableError("the text boxes several parts, cases or possibilities")
    if not contents:
        return None
    begin, end = text.rindex("\\", 0, found[-1][0]), found[-1][1]
    if _DENIED_BEFORE.search(text[max(0, begin - 40) : begin]) or _DENIED_AFTER.match(text, end):
        raise UnreadableError("the last box is said to be wrong")
    if find_turn(text[end:]) is not None:
        raise UnreadableError("the text takes its last box back")
    return contents[-1]


def _are_parts(text: str, boxes: list[tuple[int, int]]) -> bool:
    """Whether each of two boxes has a label beside it, and not the same: `(a)` and `(b)`, `case 1` and `case 2`."""
    (first, first_end), (last, last_end) = boxes
    before = [text[max(0, first - 100) : first], text[max(first_end, last - 100) : last]]
    behind = [text[first_end : min(last, first_end + 60)], text[last_end : last_end + 60]]
    for labels in (
        [_last_label(one.rpartition("\n")[2]) for one in before],
        [_first_label(one.partition("\n")[0]) for one in behind],
    ):
        if None not in labels and labels[0] != labels[1]:
            return True
    return False


def _last_label(text: str) -> str | None:
    found = [*_LABEL.finditer(text)]
    return _name(found[-1]) if found else None


def _first_label(text: str) -> str | None:
    found = _LABEL.search(text)
    return _name(found) if found else None


def _name(found: re.Match[str]) -> str:
    return "".join(found[0].lower().split()).strip("(){}$.:")


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
