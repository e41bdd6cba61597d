r"""From a spelling to what it means: the whole of it, or not at all. The one reader, for texts and for golds.

Read: `72`, `-7`, `$3.50`, `1/2`, `2 1/2`, `\frac12`, `50%`, `2^10`, `3 \times 10^8`, `3.5 million`, `40 cm^2`,
`60 km/h`, `2 hours and 30 minutes`, `3 apples`, `9:30 pm`, `March 5, 2024`, `3:2`; in digits of any script,
with separators of any locale. Not read, since no part of them is the answer: `3-5`, `3 and 5`, `5x`, `x > 3`,
`10^{10^{10}}`, `5 or more`.
"""

from __future__ import annotations

import functools
import re

from tasks.answer import latex
from tasks.answer.amounts import is_thing, read_amount
from tasks.answer.characters import simplify
from tasks.answer.clock_words import write_clock
from tasks.answer.locales import conventions
from tasks.answer.number_words import ENGLISH, read_number_words
from tasks.answer.ordinals import read_ordinal
from tasks.answer.times import read_date, read_time
from tasks.answer.units import read_unit
from tasks.answer.value import Number, Unit, UnreadableError, Value, shorten

MAX_CHARACTERS = 400
"""a longer spelling is not read"""
_WRAPPERS = (("(", ")"), ("[", "]"), ('"', '"'), ("'", "'"), ("`", "`"), ("{", "}"))
_PAIR = re.compile(r"[(\[{]\s?-?\d+,(?:\d{1,2}|\d{4,})\s?[)\]}]")
"""two numbers rather than a decimal comma"""
_PARTED = {True: "", False: ",;"}
"""what parts the terms of a list between brackets"""
_REMARK = re.compile(r"(?<=\d)\s\((?!mod)[a-z]{3,}(?:[\s-][a-z]+)*\)$")
"""`7 (seven)`"""
_PREFIX = re.compile(
    r"(?:(?:the )?(?:final )?answer(?: is|:)\s*|[A-Za-z](?:_\(?\w+\)?)?\s*=\s*|=\s*|[\u2248~]\s*|#+\s*|"
    r"(?:about|approximately|approx\.?|around|roughly|nearly|almost|exactly|only)\s+)",
    re.IGNORECASE,
)


def read(spelling: str, locale: str = "en") -> Value:
    """What the whole of a spelling means.

    Args:
        locale: which reading counts where there are two: `1.234`, 3/4/2024.

    Raises:
        UnreadableError: it cannot be read whole; says why.
    """
    if len(spelling) > MAX_CHARACTERS:
        raise UnreadableError(f"longer than {MAX_CHARACTERS} characters")
    return _read(spelling, locale)


@functools.lru_cache(maxsize=1024)
def _read(spelling: str, locale: str) -> Value:
    line = write_clock(" ".join(latex.plain(simplify(spelling).strip()).split()))
    return read_plain(bare(line), locale)


def bare(line: str) -> str:
    """A plain line without what stands around an answer: quotes, brackets, `x =`, a full stop."""
    for _ in range(4):
        before = line
        line = line.strip()
        if not line.endswith(("...", "a.m.", "p.m.")):
            line = line.rstrip(".;:,").rstrip()
        line = _REMARK.sub("", line)
        line = _PREFIX.sub("", line, count=1) if _PREFIX.match(line) else line
        for opening, closing in _WRAPPERS:
            inner = line[1:-1]
            if (
                line.startswith(opening)
                and line.endswith(closing)
                and inner
                and not set(inner) & {opening, closing, *_PARTED[opening == closing]}
            ):
                line = inner
        if line == before:
            break
    return line


def _read_words(line: str) -> Number:
    """A number in words, with a unit or a thing that is counted: `fifty cents`, and not `one way`."""
    words = read_number_words(line)
    words = read_ordinal(line) if words is None else words
    if words is not None:
        return Number(words)
    found = ENGLISH.match(line)
    number = read_number_words(found[0]) if found else None
    if (
        found is None
        or number is None
        or number.denominator > 1
        or number < 2
        or line[found.end() : found.end() + 1] != " "
    ):
        raise UnreadableError(f"'{shorten(line)}' holds no number")
    rest = line[found.end() :].strip()
    unit = read_unit(rest)
    if unit is None and not is_thing(rest):
        raise UnreadableError(f"'{shorten(line)}' cannot be read whole")
    return Number(number, unit or Unit(rest.lower()))


@functools.lru_cache(maxsize=1024)
def read_plain(line: str, locale: str) -> Value:
    """What a bare line means. UnreadableError if it cannot be read whole."""
    known = conventions(locale)
    if not any(character.isdigit() for character in line):
        return _read_words(line)
    if _PAIR.search(line):
        raise UnreadableError(f"'{shorten(line)}' holds several numbers")
    value = read_time(line) or read_date(line, known)
    if value is not None:
        return value
    return read_amount(line, known.decimal)
