r"""Where the answer stands in a text, and what it means. What stands there is read whole or not at all.

The answer is, in this order: the last \boxed{...}; what follows the last `####`; what follows the last `answer is` or
`Answer:`, if a number stands directly there, up to the last `=`; the last number of the text. Numbers that belong
together (`3 and 5`, `10 - 7`, `5 ft 3 in`, `March 5, 2024`) are one spelling, and what has no number as its meaning is
never cut to its last number.
"""

from __future__ import annotations

import re

from tasks.answer import latex
from tasks.answer.amounts import is_thing
from tasks.answer.boxes import find_boxed
from tasks.answer.characters import simplify
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
_MAX_CUES = 8
_DIGIT = re.compile(r"[\d\u00bc-\u00be\u2150-\u215e]")
_TAGGED = re.compile(r"<answer>([^<]{1,400})</answer>")
_ITEM = re.compile(r"\s*(?:[-*]\s)?\d{1,2}[.)]\s+(?=\S)")
"""the number of an item in a list"""
_SUM = re.compile(r"[\s\d+*/().,$\u00d7\u00f7\u00b7-]*\d[\s\d+*/().,$\u00d7\u00f7\u00b7-]*=\s*([^=]{1,40})")
_CUE = re.compile(
    r"(?i:answer|antwort|r[e\u00e9]ponse|respuesta|resposta|risposta|antwoord|odpowied\u017a|"
    r"\u043e\u0442\u0432\u0435\u0442)"
    r"(?:[\"'*_]*\s*(?i:is|are|would be|should be|ist|lautet|est|es|\u00e9|\u00e8)\b)?[\s*_\"']*[:\uff1a=\s][\s*_:]*"
    r"|(?:\u7b54\u6848|\u7b54\u3048|\u7b54)[\s*_]*(?:\u5e94\u8be5)?(?:\u662f|\u4e3a|\u70ba|\u306f)?[\s*_]*[:\uff1a]?[\s*_]*"
)
_CUE_WORDS = (
    "answer", "antwort", "r\u00e9ponse", "reponse", "respuesta", "resposta", "risposta", "antwoord", "odpowied\u017a",
)  # fmt: skip
_CUE_WORDS_OF_OTHER_SCRIPTS = ("\u043e\u0442\u0432\u0435\u0442", "\u7b54")


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
        rest = text[mark:].lstrip("# \n").partition("\n")[0]
        if _DIGIT.search(rest):
            return find_in(rest, locale)
    known = conventions(locale)
    if len(text) <= _SHORT and "\n" not in text.strip():
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
    cue = _last_cue(text)
    if cue is None:
        return None
    line, _, rest = text[cue.end() : cue.end() + MAX_LINE].partition("\n")
    line = latex.plain(simplify(line)).lstrip()
    if (
        line[:1] in ("-", "\u2014")
        and "\n" not in cue[0]
        and re.search(r"[:=\uff1a]|[^\W\d_]\W+[^\W\d_]|[\u662f\u4e3a\u70ba\u306f]", cue[0])
    ):
        line = re.sub(r"^[-\u2014]\s(?=[.$\u20ac\u00a3]?\d)", "-", line)
    words = ENGLISH.match(line) or CHINESE.match(line)
    if words is not None:
        return _read_words(words, line)
    return Statement(line, known).stated_directly()


def _last_cue(text: str) -> re.Match[str] | None:
    """The last cue; None without one."""
    lower = text.lower()
    words = _CUE_WORDS if text.isascii() else _CUE_WORDS + _CUE_WORDS_OF_OTHER_SCRIPTS
    place = len(text) if len(lower) == len(text) else -1
    for _ in range(_MAX_CUES):
        place = max(lower.rfind(word, 0, place) for word in words) if place > 0 else -1
        found = _CUE.match(text, place) if place >= 0 else None
        if found is not None or place < 0:
            return found
    return None


def _read_words(words: re.Match[str], line: str) -> Value | None:
    """A number in words behind a cue; None where it is a word of a sentence."""
    number = read_number_words(words[0])
    rest = line[words.end() :].strip()
    follows = re.match(r"\W*$|[.,;!]\s|[\u3041-\u9fff]{1,4}\W*$", line[words.end() :]) or is_thing(rest.rstrip(".!"))
    return None if number is None or not follows else Number(number)


def _find_last(text: str, known: Conventions) -> Value | None:
    """The last number of a text, with all that belongs to it."""
    end = len(text)
    for _ in range(_MAX_LINES):
        begin = text.rfind("\n", 0, end) + 1
        part = text[max(begin, end - MAX_LINE) : end]
        if _DIGIT.search(part):
            line = latex.plain(simplify(part))
            item = _ITEM.match(line)
            stated = Statement(line, known, item.end() if item else 0).stated()
            if stated is not None:
                return stated
        if begin == 0:
            return None
        end = begin - 1
    return None
