r"""Where the answer stands in a text, and what it means. What stands there is read whole or not at all.

The answer is, in this order: the last \boxed{...}; what `<answer>` holds; what follows the last `####`; what follows
the last `answer is` or `Answer:`, if a number stands directly there; what the last line with a number states. A text
that goes on (`Wait, that is wrong`) is read from there, or not at all. How a line is read: `statement.py`.
"""

from __future__ import annotations

import re

from tasks.answer import latex
from tasks.answer.amounts import is_thing
from tasks.answer.boxes import find_boxed
from tasks.answer.characters import simplify
from tasks.answer.cues import find_turn, last_cue
from tasks.answer.denials import refuse_governed, refuse_turn
from tasks.answer.ends import begin_of_end
from tasks.answer.locales import Conventions, conventions
from tasks.answer.number_words import CHINESE, ENGLISH, read_number_words
from tasks.answer.read import read
from tasks.answer.said import find_said
from tasks.answer.statement import Statement
from tasks.answer.value import Number, UnreadableError, Value

MAX_LINE = 600
"""characters of a line's end that are looked at"""
_MAX_LINES = 50
_SHORT = 40
_DIGIT = re.compile(r"[\d\u00bc-\u00be\u2150-\u215e]")
_TAGGED = re.compile(r"<answer>([^<]{1,400})</answer>")
_ITEM = re.compile(r"\s*(?:[-*]\s)?\d{1,2}[.)]\s+(?=\S)")
"""the number of an item in a list"""
_SUM = re.compile(r"[\s\d+*/().,$\u00d7\u00f7\u00b7-]*\d[\s\d+*/().,$\u00d7\u00f7\u00b7-]*=\s*([^=]{1,40})")
_PLAIN = re.compile(r"(-?\d{1,15}(?:\.\d{1,9})?)\s?[.!]?\s*")
"""a line that is nothing but a number"""
_SENTENCE_BEGINS = re.compile(r"(?:so|thus|hence|therefore|then|there|he|she|it|they|we|this|that|in|now)\s", re.IGNORECASE)
"""with none of these begins a spelling of an answer alone"""
_SENTENCE = re.compile(r"[^.!?]*[.!?](?=\s[A-Z])")
"""a sentence before another one"""
_PARTS = re.compile(r"(?:^|\s)\(?([a-e])\)\s[^()]*\d")
_LISTED = re.compile(r"\s*(?:\(?[a-eA-E1-9][.)]|[Pp]art\s\(?[a-eA-E1-9]\)?\s?[:.)]|[-*])?\s*(\S.*)")
_QUOTED = re.compile(r"^\s*>\s?", re.MULTILINE)


def find(text: str, locale: str = "en") -> Value | None:
    """The answer of a text; None where it holds no number.

    Raises:
        UnreadableError: something stands where the answer is, and cannot be read whole.
    """
    box = find_boxed(text)
    if box is not None:
        return find_in(box, locale)
    tagged = _TAGGED.findall(text) if "</answer>" in text else []
    if tagged:
        return find_in(tagged[-1], locale)
    mark = text.rfind("####")
    if mark >= 0:
        rest, _, later = text[mark:].lstrip("# \n").partition("\n")
        if _DIGIT.search(rest):
            refuse_turn(later)
            return find_in(rest, locale)
    if ">" in text and "\n" in text and len(_QUOTED.findall(text)) > 1:
        text = _QUOTED.sub("", text)
    return _find_said(text, locale)


def _find_said(text: str, locale: str) -> Value | None:
    """The answer of a text without a mark."""
    known = conventions(locale)
    if len(text) <= _SHORT and "\n" not in text.strip() and _SENTENCE_BEGINS.match(text) is None:
        alone = _read_alone(text, locale)
        if alone is not None:
            return alone
    cued = _find_cued(text, known)
    if cued is not None:
        return cued
    said = find_said(text)
    return _find_last(text, known) if said is None else said


def _read_alone(text: str, locale: str) -> Value | None:
    """What a short text is, if it is an answer and nothing else. `- 5 apples` is an item of a list."""
    try:
        value = read(text, locale)
    except UnreadableError:
        return None
    return None if re.match(r"\s*[-*\u2013\u2212]\s.*[^\W\d_]", text) else value


def find_in(region: str, locale: str = "en") -> Value | None:
    """The answer of a short text that is an answer, or a sentence that holds it.

    Raises:
        UnreadableError: it cannot be read whole.
    """
    try:
        return read(region, locale)
    except UnreadableError:
        known = conventions(locale)
        worked_out = _SUM.fullmatch(region.strip()) if len(region) <= MAX_LINE else None
        if worked_out is not None:
            return read(worked_out[1], locale)
        cued = _find_cued(region, known)
        if cued is not None:
            return cued
        if re.search(r"[^\W\d_]{2,}\s+\S*\s*[^\W\d_]{2,}", region[-MAX_LINE:]) is None:
            raise
        return _find_last(region, known)


def _find_cued(text: str, known: Conventions) -> Value | None:
    """What follows the last cue that a number follows directly."""
    cue = last_cue(text)
    if cue is None:
        return None
    line, _, later = text[cue.end() : cue.end() + MAX_LINE].partition("\n")
    value, rest = _read_directly(line, cue[0], known)
    if value is None:
        return None
    refuse_governed(text, cue.start())
    _refuse_wavering(text, cue, value, known)
    after = find_turn(f"{rest}\n{later}") if rest or later else None
    if after is None:
        return value
    if not _DIGIT.search(after):
        raise UnreadableError("the text takes its answer back")
    return _find_said(after, known.locale)


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


def _find_last(text: str, known: Conventions) -> Value | None:
    """What the last line with a number states."""
    end = len(text)
    for _ in range(_MAX_LINES):
        begin = text.rfind("\n", 0, end) + 1
        part = text[max(begin, end - MAX_LINE) : end]
        if _DIGIT.search(part):
            line = latex.plain(simplify(part))
            begin_of_line = begin_of_end(line)
            if not begin_of_line and (item := _ITEM.match(line)) is not None:
                begin_of_line = item.end()
            statement = Statement(line, known, begin_of_line)
            stated = statement.stated()
            if stated is not None:
                _refuse_parts(line, text[:begin], stated, known)
                refuse_turn(line[statement.end :] + text[end : end + MAX_LINE])
                return stated
        if begin == 0:
            return None
        end = begin - 1
    return None
