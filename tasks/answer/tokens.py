"""A plain line as tokens, for the reader of numbers: what each thing on it is, before anything is understood.

Called by `statement.py` and `find.py`. A number's token is its digits alone; what directly belongs to it (its unit, am,
million) is the token behind it. Digits that are part of a name (`x2`, `COVID-19`) are no number.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import NamedTuple

from tasks.answer import units
from tasks.answer.multipliers import MULTIPLIER, MULTIPLIERS, PART
from tasks.answer.numbers import LITERAL


class Token(NamedTuple):
    """Attributes:
    kind: number | tail | word | name | operator | dash | equals | relation | comma | semicolon | colon | stop | open |
        close | currency | mark | command.
    text: as it is written; of a word in small letters.
    begin, end: where it stands on the line.
    """

    kind: str
    text: str
    begin: int
    end: int


@dataclass(slots=True)
class Quantity:
    """One spelling with a number.

    Attributes:
        first, last: its tokens.
        begin, end: where it stands on the line.
    """

    first: int
    last: int
    begin: int
    end: int


_CHINESE = r"\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff"
_LETTER = rf"[^\W\d_{_CHINESE}]"
_TOKEN = re.compile(
    rf"""
    (?:
        [^\W\d_{_CHINESE}\u03c0]{_LETTER}*+(?!-?\d)(?:['-]{_LETTER}+)*
      | [,;:(\[{{)\]}}+*/\u00d7\u00f7\u00b7^\u00b1|&_\u221a\u03c0\u222a\u221e%\u00b0'"?$\u00a2\u00a3\u00a5\u20a0-\u20cf]
      | [{_CHINESE}]+
      | (?P<number>(?<![A-Za-z0-9_])(?<!\d[.,])(?<![A-Za-z]-){LITERAL}(?:[eE][-+]?\d+(?!\w))?)
      | (?P<name>{_LETTER}+-?\d[\w.]*|\d[\w.]*)
      | \.{{3,}}|\.
      | (?P<command>\\[A-Za-z]+)
      | (?P<equals>=>|->|[-=]{{2,}}>|={{1,2}}(?![=<>])|[\u2248\u2192]|~(?=\s?[-\d$.]))
      | (?P<relation>[<>]=?|!=|[\u2264\u2265\u2260])
      | (?P<rule>-{{3,}}|={{3,}})
      | [-\u2014~\\!]
    )\ ?
    """,
    re.VERBOSE,
)
"""one token and the blank behind it. Of what has no group the first character says what it is (`_KINDS`): the commonest
stand first, and begin with a class of characters, which `re` turns down without trying them"""
_NUMBER = _TOKEN.groupindex["number"]
_GROUPS = {place: name for name, place in _TOKEN.groupindex.items()}
_KINDS = {
    sign: kind
    for kind, signs in (
        ("comma", ","), ("semicolon", ";"), ("colon", ":"), ("open", "([{"), ("close", ")]}"), ("dash", "-\u2014"),
        ("operator", "+*/\u00d7\u00f7\u00b7^\u00b1|&~_\u221a\u03c0\u222a\u221e\\"), ("stop", ".!?"),
        ("mark", "%\u00b0'\""), ("currency", "$\u00a2\u00a3\u00a5" + "".join(map(chr, range(0x20A0, 0x20D0)))),
    )
    for sign in signs
}  # fmt: skip
_TAIL = re.compile(
    rf"""
    (?:st|nd|rd|th)?(?![a-z])?
    {MULTIPLIER}?
    {PART}?
    (?:\ ?[ap]\.?\ ?m\b\.?|\ ?o'clock(?:\ ?[ap]\.?m\b\.?)?)?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_UNIT = re.compile(rf"\ ?(?P<unit>{units.UNIT})(?![\w'])")
_TIME_WORDS = ("a", "p", "am", "pm", "o")
_AFTER_INCHES = re.compile(r"\s*(?:[.,;)]|$|tall|long|wide|high|deep|thick)")
_TAIL_WORD = re.compile(r" ?([A-Za-z]+)(?![^\W\d_])|[^\W\d_]| [^\W\d_$]|[%\u00b0$\u20ac\u00a3]| [%\u00b0]")
"""how a tail begins; the group: with a word, which must be one that a tail can begin with"""


def tokenize(line: str, begin: int = 0) -> list[Token]:
    """The tokens of a line from a place on. Characters that are none of them part words and mean nothing."""
    tokens: list[Token] = []
    new = tuple.__new__  # a NamedTuple's own constructor takes twice as long, and there are twenty tokens a line
    after = 0
    for match in _TOKEN.finditer(line, begin):
        begin, end = match.span()
        if begin < after:
            continue
        text, group = match[0], match.lastindex
        if text[-1] == " ":
            text, end = text[:-1], end - 1
        if group is None:
            kind = _KINDS.get(text[0])
            token = ("word", text.lower(), begin, end) if kind is None else (kind, text, begin, end)
            tokens.append(new(Token, token))
            continue
        tokens.append(new(Token, (_GROUPS[group], text, begin, end)))
        if group == _NUMBER:
            after = tail_end(line, end)
            if after > end:
                tokens.append(new(Token, ("tail", line[end:after], end, after)))
    return tokens


@functools.cache
def _tail_words() -> frozenset[str]:
    """Words that a tail can begin with, in small letters: of ordinals, multipliers, parts, times of day and units."""
    multipliers = [word.lower() for word in MULTIPLIERS]
    return frozenset([*units.first_words(), *multipliers, *_TIME_WORDS, "st", "nd", "rd", "th", "and"])


def tail_end(line: str, end: int) -> int:
    """Where the spelling of a number ends, with its unit and what else changes it."""
    word = _TAIL_WORD.match(line, end)
    if word is None:
        return end
    if word[1] and word[1].lower() not in _tail_words():
        return end
    tail = _TAIL.match(line, end)
    end = tail.end() if tail else end
    unit = _UNIT.match(line, end)
    if unit is None:
        return end
    name = unit["unit"]
    for text in (name, name.rstrip("."), name.partition(" ")[0]):
        if units.read_unit(text) is not None:
            is_preposition = text == "in" and _AFTER_INCHES.match(line, unit.start("unit") + 2) is None
            return end if is_preposition else unit.start("unit") + len(text)
    return end
