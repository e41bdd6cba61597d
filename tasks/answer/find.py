r"""Where the answer stands in a text, and what it means. What stands there is read whole or not at all.

The answer is, in this order: the last \boxed{...}; what `<answer>` holds; what follows the last `####`; what follows
the last `answer is` or `Answer:`, if a number stands directly there (`cued.py`); what the last line with a number
states (`last_line.py`, `statement.py`). A text that goes on (`Wait, that is wrong`) is read from there, or not at all;
one that asks the next question is read to there (`scope.py`).
"""

from __future__ import annotations

import re

from tasks.answer.boxes import find_boxed
from tasks.answer.clock_words import write_clock
from tasks.answer.cued import MAX_LINE, find_cued
from tasks.answer.denials import refuse_turn, without_contrast
from tasks.answer.last_line import find_last
from tasks.answer.locales import conventions
from tasks.answer.read import read
from tasks.answer.said import find_said
from tasks.answer.scope import answered_part
from tasks.answer.settled import settled_locale
from tasks.answer.undecided import refuse_empty_field, refuse_no_value
from tasks.answer.value import UnreadableError, Value

_SHORT = 40
_DIGIT = re.compile(r"[\d\u00bc-\u00be\u2150-\u215e]")
_TAGGED = re.compile(r"<answer>([^<]{0,400})</answer>")
_SUM = re.compile(r"[\s\d+*/().,$\u00d7\u00f7\u00b7-]*\d[\s\d+*/().,$\u00d7\u00f7\u00b7-]*=\s*([^=]{1,40})")
_SENTENCE_BEGINS = re.compile(
    r"(?:so|thus|hence|therefore|then|there|he|she|it|they|we|this|that|in|now)\s", re.IGNORECASE
)
"""with none of these begins a spelling of an answer alone"""
_QUOTED = re.compile(r"^\s*>\s?", re.MULTILINE)


def find(text: str, locale: str = "en") -> Value | None:
    """The answer of a text; None where it holds no number.

    Raises:
        UnreadableError: something stands where the answer is, and cannot be read whole.
    """
    text = answered_part(text)
    locale = settled_locale(text, locale)
    box = find_boxed(text)
    if box is not None:
        return find_in(box, locale)
    tagged = _TAGGED.findall(text) if "</answer>" in text else []
    if tagged:
        return find_in(tagged[-1], locale)
    if "}" in text:
        refuse_empty_field(text)
    mark = text.rfind("####")
    if mark >= 0:
        rest, _, later = text[mark:].lstrip("# \n").partition("\n")
        if _DIGIT.search(rest):
            refuse_turn(later)
            return find_in(rest, locale)
        if not _DIGIT.search(later):
            return _find_marked(rest + later, locale)
    if ">" in text and "\n" in text and len(_QUOTED.findall(text)) > 1:
        text = _QUOTED.sub("", text)
    return _find_said(text, locale)


def _find_marked(rest: str, locale: str) -> Value:
    """What follows `####` in words, and nothing that stands before it."""
    said = _find_said(rest, locale) if rest.strip() else None
    if said is None:
        raise UnreadableError("no number stands behind ####")
    return said


def _find_said(text: str, locale: str) -> Value | None:
    """The answer of a text without a mark."""
    known = conventions(locale)
    text = write_clock(without_contrast(text))
    if len(text) <= _SHORT and "\n" not in text.strip() and _SENTENCE_BEGINS.match(text) is None:
        alone = _read_alone(text, locale)
        if alone is not None:
            return alone
    cued, after = find_cued(text, known)
    if after is not None:
        return _find_said(after, locale)
    if cued is not None:
        return cued
    said = find_said(text)
    return find_last(text, known) if said is None else said


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
        refuse_no_value(f"{region}\n")
        known = conventions(locale)
        worked_out = _SUM.fullmatch(region.strip()) if len(region) <= MAX_LINE else None
        if worked_out is not None:
            return read(worked_out[1], locale)
        cued, after = find_cued(region, known)
        if after is not None:
            return _find_said(after, locale)
        if cued is not None:
            return cued
        if re.search(r"[^\W\d_]{2,}\s+\S*\s*[^\W\d_]{2,}", region[-MAX_LINE:]) is None:
            raise
        return find_last(region, known)
