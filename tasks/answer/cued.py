r"""What stands behind the last `answer is` or `Answer:` of a text, in its languages. Called by `find.py`."""

from __future__ import annotations

import re

from tasks.answer import latex
from tasks.answer.amounts import is_thing
from tasks.answer.characters import simplify
from tasks.answer.cues import find_turn, last_cue
from tasks.answer.denials import refuse_governed
from tasks.answer.locales import Conventions
from tasks.answer.number_words import CHINESE, ENGLISH, read_number_words
from tasks.answer.read import read
from tasks.answer.statement import Statement
from tasks.answer.undecided import refuse_no_value, refuse_open
from tasks.answer.value import Number, UnreadableError, Value

MAX_LINE = 600
"""characters of a line that are looked at"""
_DIGIT = re.compile(r"[\d\u00bc-\u00be\u2150-\u215e]")
_MAX_REPEATED = 8
_MIN_REST = 12
"""characters in which a sentence can leave its number open"""
_SENTENCE_ENDS = re.compile(r"[.!?]\s|\u3002")
_PLAIN = re.compile(r"(-?\d{1,15}(?:\.\d{1,9})?)\s?[.!]?\s*")
"""a line that is nothing but a number"""
_SENTENCE = re.compile(r"[^.!?]*[.!?](?=\s[A-Z])")
"""a sentence before another one"""
_SAYS_IT_FOLLOWS = re.compile(r"[:=\uff1a]\s*$|\s\w+[\s*_]*$")
"""a cue that has its verb or its colon"""


def find_cued(text: str, known: Conventions) -> tuple[Value | None, str | None]:
    """What follows the last cue that a number follows directly; or, where the text takes that back, what follows then.

    Raises:
        UnreadableError: nothing follows the cue, or no answer, or it cannot be read whole.
    """
    cue = _last_cue_with_more(text)
    if cue is None:
        return None, None
    text = cue.string
    line, _, later = text[cue.end() : cue.end() + MAX_LINE].partition("\n")
    refuse_no_value(f"{line}\n")
    value, rest = _read_directly(line, cue[0], known)
    if value is None:
        return None, None
    refuse_governed(text, cue.start())
    _refuse_wavering(text, cue, value, known)
    if len(rest) > _MIN_REST:
        refuse_open(_SENTENCE_ENDS.split(rest, maxsplit=1)[0])
    after = find_turn(f"{rest}\n{later}") if rest or later else None
    if after is None:
        return value, None
    if not _DIGIT.search(after):
        raise UnreadableError("the text takes its answer back")
    return None, after


def _last_cue_with_more(text: str) -> re.Match[str] | None:
    """The last cue that something follows, in the text to where a cue without anything ends it.

    Raises:
        UnreadableError: there is none but such as nothing follows.
    """
    for _ in range(_MAX_REPEATED):
        cue = last_cue(text)
        if (
            cue is None
            or text[cue.end() : cue.end() + MAX_LINE].strip(" \t\n*_`$.")
            or not _SAYS_IT_FOLLOWS.search(cue[0])
        ):
            return cue
        text = text[: cue.start()].rstrip()
        if last_cue(text) is None:
            break
    raise UnreadableError("the text ends before its answer")


def _read_directly(line: str, cue: str, known: Conventions) -> tuple[Value | None, str]:
    """What a line behind a cue begins with, and the rest of the line; None where that is no number."""
    plain = _PLAIN.fullmatch(line)
    if plain is not None:
        return read(plain[1], known.locale), ""
    sentence = _SENTENCE.match(line)
    line, others = (line, "") if sentence is None else (line[: sentence.end()], line[sentence.end() :])
    line = latex.plain(simplify(line)).lstrip()
    if (
        line[:1] in ("-", "\u2014")
        and "\n" not in cue
        and re.search(r"[:=\uff1a]|[^\W\d_]\W+[^\W\d_]|[\u662f\u4e3a\u70ba\u306f]", cue)
    ):
        line = re.sub(r"^[-\u2014]\s(?=[.$\u20ac\u00a3]?\d)", "-", line)
    words = ENGLISH.match(line) or CHINESE.match(line)
    if words is not None:
        return _read_words(words, line), line[words.end() :] + others
    statement = Statement(line, known)
    return statement.stated_directly(), line[statement.end :] + others


def _refuse_wavering(text: str, cue: re.Match[str], value: Value, known: Conventions) -> None:
    """UnreadableError where a text says one answer, another, and the first again."""
    said = text[cue.start() : cue.end() + 6].partition("\n")[0]
    first = text.find(said, 0, cue.start())
    between = last_cue(text[first + len(said) : cue.start()]) if first >= 0 else None
    if between is not None:
        other, _ = _read_directly(between.string[between.end() :].partition("\n")[0], between[0], known)
        if other is not None and other != value:
            raise UnreadableError(f"{value} and {other} are said in turn")


def _read_words(words: re.Match[str], line: str) -> Value | None:
    """A number in words behind a cue; None where it is a word of a sentence."""
    number = read_number_words(words[0])
    rest = line[words.end() :].strip()
    follows = re.match(r"\W*$|[.,;!]\s|[\u3041-\u9fff]{1,4}\W*$", line[words.end() :]) or is_thing(rest.rstrip(".!"))
    return None if number is None or not follows else Number(number)
