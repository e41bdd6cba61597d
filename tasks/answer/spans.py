"""Numbers of a line that belong together are one spelling: `3 and 5`, `10 - 7`, `5 ft 3 in`, `March 5, 2024`.

Called by `find.py`, which says with which number the answer ends. What stands around a spelling and changes what it
means makes it unreadable: `x > 5`, `f(5)`, `5 or more`, `not 5`.
"""

from __future__ import annotations

import re

from tasks.answer import units
from tasks.answer.equal import same
from tasks.answer.locales import Conventions
from tasks.answer.multipliers import MULTIPLIER, MULTIPLIERS, PART
from tasks.answer.number_words import WORD
from tasks.answer.numbers import LITERAL
from tasks.answer.read import read_plain
from tasks.answer.value import Number, UnreadableError, Value

_JOINS = "and|or|to|by|x|of|out\\ of|und|oder|et|ou|bis|y|o|through"
_LATIN = r"A-Za-z0-9_\u00c0-\u024f"
NUMBER = re.compile(rf"(?<![A-Za-z0-9_])(?<!\d[.,])(?<![A-Za-z]-){LITERAL}(?:[eE][-+]?\d+(?!\w))?", re.VERBOSE)
"""digits of a number, without sign and unit; not those of x2 and COVID-19"""
_GAP = re.compile(
    rf"""
    (?:\ ?(?P<unit>
        (?!(?:{_JOINS}|in|a)(?![A-Za-z]))(?:[A-Za-z\u03bc]{{1,14}}|[%\u00b0$\u20ac\u00a3'"])\.?(?:\^?[23])?(?![A-Za-z])
    ))?
    (?P<operator>
        ,?\s+(?:{_JOINS})(?![A-Za-z]) | x | \s*\(?mod\s | \s*[-+*/\u00d7\u00b7\u00f7^:\u00b1\u2014~&|()]+ | \s*[,;]
    )?
    (?P<rest>(?:\s*(?:{units.CURRENCY}|[()]|[A-Za-z]\s?=|[-+]|(?:and|or)\s|[\u222a\u221a\u03c0]))*)
    \s*
    """,
    re.VERBOSE,
)
"""what may stand between two numbers of one spelling"""
_NO_GAP = re.compile(r"\s*[()]\s*|\s\((?!mod\b).*|:\s+|[A-Za-z]*\s?\(|[A-Za-z]\s?=\s*")
_MIXED = re.compile(r"\(?\d+\)?/\(?\d")
_LABEL = re.compile(r"\b[A-Z][a-z]+\s$")
"""`Week 3:210 pages` is no ratio"""
_NAMED = re.compile(r"(?<!\w)[A-Za-z]\s?=\s?[-+($]*$")
_WORKED = re.compile(r"\d\s*=\s*[-+]?$")
"""the left side of a sum that was worked out: its right side begins no list, as in `3+4=7, 7 more`"""
_WORKING = re.compile(r"\d\s*[=+*]")
"""sums on a line: semicolons part them, as in `7+8=15;3+4+1=8;85`"""
_LIST_ENDS = re.compile(r"[\s.)\]\"'$]*(?:$|,?\s(?:and|or)\s)")
_SIGNED = re.compile(
    rf"""
    (?:(?<![{_LATIN})%\u00b0'"\-+\u2014])[-+\u2014])?
    (?:{units.CURRENCY}\ ?)?
    (?<![{_LATIN})\-])[-+]?$
    """,
    re.VERBOSE,
)
"""a sign and the sign of a currency before a number"""
_APART = re.compile(
    r"(?:[=:\u2248\u2192\u662f\u4e3a\u70ba\u306f]|\b(?:is|are|was|were|be|been|equals?|equal|to|of|at|by|becomes?|became|gives?|gave|gets?|got|"
    r"yields?|yielded|makes?|leaves?|obtains?|obtained|have|has|had|returns?|reach|reached|"
    r"reaches|remains?|about|approximately|roughly|exactly|only|simply|just|thus|therefore|hence|"
    r"ist|sind|gleich|ergibt|lautet|betr\u00e4gt|est|vaut|donne|es|son|da|igual\ a|\u00e8|\u00e9))\s?[-\u2014]\s$"
)
"""a sign that a blank parts from its number: `equals - 8`. After other words, as in `eggs - 8`, it is a dash"""
_MONTH_BEFORE = re.compile(r"(?<![^\W\d_])([^\W\d_]{3,12})\.?\s+(?:the\s+)?$")
_BAD_BEFORE = re.compile(
    r"(?:[<\u2264\u2265\u2260\u00b1\u221a\u03c0\u222a_]|(?<=.)[\u00d7\u00b7\u00f7^]|(?<=[^\-=>\s])\s?>"
    r"|(?<![^\W\d])[^\W\d]\s*[-+*/^]|\)\s*[-+*/^]|[^\W\d]/|[A-Za-z]\("
    r"|\b(?:not|never|nor|except|cannot\sbe|(?:less|more|fewer|greater|other)\sthan|at\s(?:most|least)|(?<!rounds\s)(?<!rounded\s)up\sto)|n't(?:\sbe)?|\+/-"
    r"|\b(?:[Ss]tep|[Pp]age|[Ll]ine|[Ee]quation|[Pp]roblem|[Qq]uestion|[Ff]igure|[Cc]hapter|[Ss]ection|[Vv]ersion)|\\[A-Za-z]+\s*\(?|\b(?:sin|cos|tan|log|ln|sqrt|exp)\s*\(?)\s?$"
)
_OPERATORS = tuple("-+*/\u00d7\u00f7")
_WORD_BEFORE = re.compile(rf"\b(?:{WORD})\s[-+*/\u00d7\u00f7]\s?$", re.IGNORECASE)
"""`ten - 8` is no 8"""
_BAD_AFTER = re.compile(
    r"\s?[*\u00d7\u00b7\u00f7^](?!\s*$)|\s?[\u221a\u03c0]|\s?[-+]\s?\(?[A-Za-z](?![A-Za-z'])|[+_\\(]"
    r"|/[A-Za-z](?![A-Za-z])|(?![a-z]{3})[A-Za-z]|\s?\(?mod\b|\s?\\(?:sqrt|pi|frac|log|sin|cos|p?mod)"
    r"|\d|\s(?:is|was|isn't|wasn't)\s(?:not|wrong|incorrect|false)\b"
    r"|\s?(?:or|and|to)\s(?:more|less|fewer|above|below|up|over|under|higher|lower|greater)\b"
    r"|\s(?:mil|[xyzn]|third|(?:hal[fv]e?|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|hundredth|thousandth)s)(?!\w)"
)
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
_MAX_GAP = 40
_AFTER_INCHES = re.compile(r"\s*(?:[.,;)]|$|tall|long|wide|high|deep|thick)")


def read_span(line: str, numbers: list[re.Match[str]], last: int, known: Conventions) -> Value:
    """The value of the spelling that ends with a number of a line."""
    if last > 0 and _tail_end(line, numbers[last - 1].end()) >= numbers[last].end():
        last -= 1  # the last is the power of a unit: m s^(-2)
    first = last
    while first > 0 and is_joined(line, numbers[first - 1], numbers[first], known):
        first -= 1
    begin, end = numbers[first].start(), _tail_end(line, numbers[last].end())
    month = _MONTH_BEFORE.search(line[max(0, begin - 20) : begin])
    if month is not None and month[1][0].isupper() and month[1].casefold() in known.months:
        begin -= len(month[0])
    else:
        begin = _signed_begin(line, begin, end)
    while line[begin:end].count("(") > line[begin:end].count(")") and line[end : end + 1] == ")":
        end = _tail_end(line, end + 1)
    span = line[begin:end].strip()
    before = line[max(0, begin - 30) : begin]
    is_sum = before.rstrip()[-1:] in _OPERATORS and _WORD_BEFORE.search(before) is not None
    if is_sum or _BAD_BEFORE.search(before) or _BAD_AFTER.match(line, end):
        raise UnreadableError(f"what stands around '{span}' belongs to it")
    if line[begin - 1 : begin] in ("(", "[", "{") and line[end : end + 1] in (")", "]", "}") and not _is_single(span):
        raise UnreadableError(f"'({span})' holds several numbers")
    if line.startswith("...", end) and "." in numbers[last][0]:
        raise UnreadableError(f"'{span}...' has no end")
    return _read_either(span, known.locale)


def _read_either(span: str, locale: str) -> Value:
    """The value of a spelling, also where it is written twice: `1/2, or 0.5`, and `12;12`."""
    try:
        return read_plain(span, locale)
    except UnreadableError:
        twice = [read_plain(part.strip(), locale) for part in re.split(r",?\sor\s|;", span)]
        if len(twice) == 2 and same(twice[1], twice[0]):
            return max(twice, key=lambda value: isinstance(value, Number) and value.is_percent)
        raise


def _is_single(span: str) -> bool:
    """Whether a comma between brackets parts thousands, not the terms of a pair."""
    return re.search(r"\d,(?!\d{3}(?!\d))\d", span) is None


def _signed_begin(line: str, begin: int, end: int) -> int:
    """Where the spelling begins, with its sign, the sign of its currency and brackets that it closes."""
    for _ in range(3):
        signed = _SIGNED.search(line[max(0, begin - 8) : begin])
        begin -= len(signed[0]) if signed else 0
        span = line[begin:end]
        closes = span.count(")") > span.count("(") or line.startswith(")", end)
        if not (span.count(")") > span.count("(") or (closes and "/" in span)) or line[begin - 1 : begin] != "(":
            break
        begin -= 1
    is_apart = line[begin - 2 : begin] in ("- ", "\u2014 ")
    return begin - 2 if is_apart and _APART.search(line[max(0, begin - 20) : begin]) else begin


def _tail_end(line: str, end: int) -> int:
    """Where the spelling of a number ends, with its unit and what else changes it."""
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


def is_joined(line: str, before: re.Match[str], after: re.Match[str], known: Conventions) -> bool:
    """Whether two numbers of a line are one spelling."""
    gap = line[before.end() : after.start()]
    found = _GAP.fullmatch(gap) if len(gap) < _MAX_GAP else None
    if found is None or _NO_GAP.fullmatch(gap):
        return False
    unit, operator = found["unit"], (found["operator"] or "").strip()
    if unit is not None and unit.casefold().rstrip(".") in known.months:
        return not operator or operator == ","
    if unit is not None and (joined := _joins_units(line, unit, operator, found["rest"], after)) is not None:
        return joined
    if "=" in gap and (operator not in ("", ",", ";", "and", "or") or _NAMED.search(line[: before.start()]) is None):
        return False
    if operator == ":" and _LABEL.search(line[: before.start()]) and len(after[0]) != 2:
        return False
    is_list = operator in (",", ";") and not found["rest"].strip() and gap != ","
    if is_list and (_WORKED if operator == "," else _WORKING).search(line[: before.start()]):
        return False
    if is_list or (not gap.strip() and not _MIXED.match(line, after.start())):
        ends = _LIST_ENDS.match(line, _tail_end(line, after.end())) is not None
        return ends or (is_list and _is_day(line, before, known))
    return True


def _joins_units(line: str, unit: str, operator: str, rest: str, after: re.Match[str]) -> bool | None:
    """Whether two numbers are one spelling, where a word follows the first; None where the word does not say it."""
    mine = units.read_unit({"'": "ft", '"': "in"}.get(unit, unit))
    if mine is None:
        return unit.rstrip(".").lower() in MULTIPLIERS and bool(operator)
    if operator in ("of", "out of"):
        return True
    if operator and not operator.isalpha() and operator != ",":
        return None
    if re.search(units.CURRENCY, rest) or line[after.end() : after.end() + 1] == '"':
        return True
    follows = _UNIT.match(line, after.end())
    if follows is not None and follows["unit"].rstrip(".") in ("cent", "cents") and mine.name in units.MONEY:
        return True
    other = units.read_unit(follows["unit"]) if follows else None
    return other is not None and other.dimension == mine.dimension


def _is_day(line: str, before: re.Match[str], known: Conventions) -> bool:
    month = _MONTH_BEFORE.search(line[max(0, before.start() - 20) : before.start()])
    return month is not None and month[1].casefold() in known.months
