"""What the last line that holds a number states, where no words say which is the answer. Called by `find.py`."""

from __future__ import annotations

import re

from tasks.answer import latex
from tasks.answer.characters import simplify
from tasks.answer.cued import MAX_LINE
from tasks.answer.denials import refuse_turn
from tasks.answer.ends import begin_of_end
from tasks.answer.locales import Conventions
from tasks.answer.notes import is_note, signed_account
from tasks.answer.plans import refuse_plan
from tasks.answer.read import read
from tasks.answer.scope import refuse_unfinished
from tasks.answer.statement import Statement
from tasks.answer.tongues import may_matter
from tasks.answer.undecided import refuse_alternatives, refuse_unanswered
from tasks.answer.value import UnreadableError, Value

_MAX_LINES = 50
_SHORT = 40
_DIGIT = re.compile(r"[\d\u00bc-\u00be\u2150-\u215e]")
_ITEM = re.compile(r"\s*(?:[-*]\s)?\d{1,2}[.)]\s+(?=\S)")
"""the number of an item in a list"""
_PARTS = re.compile(r"(?:^|\s)\(?([a-e])\)\s[^()]*\d")
_LISTED = re.compile(r"\s*(?:\(?[a-eA-E1-9][.)]|[Pp]art\s\(?[a-eA-E1-9]\)?\s?[:.)]|[-*])?\s*(\S.*)")
_SENTENCE_END = re.compile(r"[.!?]\s")


def find_last(text: str, known: Conventions) -> Value | None:
    """What the last line with a number states; None without one.

    Raises:
        UnreadableError: it cannot be read whole, or what stands around it says that it is no answer.
    """
    end = len(text)
    for _ in range(_MAX_LINES):
        begin = text.rfind("\n", 0, end) + 1
        part = text[max(begin, end - MAX_LINE) : end]
        if _DIGIT.search(part) and not is_note(part, text[:begin]):
            line = latex.plain(simplify(part))
            account = signed_account(line)
            if account is not None:
                return read(account, known.locale)
            stated = _read_line(line, text, begin, end, known)
            if stated is not None:
                return stated
        if begin == 0:
            return None
        end = begin - 1
    return None


def _read_line(line: str, text: str, begin: int, end: int, known: Conventions) -> Value | None:
    """What a line states that stands in a text from `begin` to `end`."""
    place = begin_of_end(line)
    if not place and (item := _ITEM.match(line)) is not None:
        place = item.end()
    statement = Statement(line, known, place)
    stated = statement.stated()
    if stated is None:
        return None
    refuse_unfinished(text)
    _refuse_parts(line, text[:begin], stated, known)
    rest = line[statement.end :] + text[end : end + MAX_LINE]
    is_open = may_matter(rest)
    if is_open:
        refuse_turn(rest)
    refuse_alternatives(statement.texts, text[max(0, begin - 200) : end])
    sentence = [found.end() for found in _SENTENCE_END.finditer(line, 0, statement.end)]
    begin_of_sentence = sentence[-1] if sentence else 0
    said = line[begin_of_sentence : statement.end]
    refuse_unanswered(statement.texts, said, rest if is_open else "")
    if "=" not in said:
        refuse_plan(statement.texts, said, line[begin_of_sentence : statement.begin], rest)
    return stated


def _refuse_parts(line: str, before: str, value: Value, known: Conventions) -> None:
    """UnreadableError where the line, or the one before it, holds another answer, as in `(a) 5 (b) 6`."""
    if ")" in line and len(set(_PARTS.findall(line))) > 1:
        raise UnreadableError("the answers of several parts")
    if len(line) > _SHORT:
        return
    before = before.rstrip()
    other = before[before.rfind("\n") + 1 :]
    mine, theirs = _LISTED.fullmatch(line), _LISTED.fullmatch(other) if len(other) < _SHORT else None
    if mine is None or theirs is None:
        return
    try:
        values = [read(one, known.locale) for one in (theirs[1], mine[1])]
    except UnreadableError:
        return
    if values[0] != values[1] and values[1] == value:
        raise UnreadableError(f"{values[0]} and {values[1]} are both stated")
