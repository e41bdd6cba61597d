r"""Where the answer stands in a text, and what it means. What stands there is read whole or not at all.

The answer is, in this order: the last \boxed{...}; what follows the last `####`; what follows the last `answer is` or
`Answer:`, if a number stands directly there, up to the last `=`; the last number of the text. Numbers that belong
together (`3 and 5`, `10 - 7`, `5 ft 3 in`, `March 5, 2024`) are one spelling, and what has no number as its meaning is
never cut to its last number.
"""

from __future__ import annotations

import re
from fractions import Fraction

from tasks.answer import latex, units
from tasks.answer.boxes import find_boxed
from tasks.answer.characters import simplify
from tasks.answer.locales import Conventions, conventions
from tasks.answer.number_words import CHINESE, ENGLISH, read_number_words
from tasks.answer.numbers import LITERAL
from tasks.answer.read import MULTIPLIERS, PARTS, is_thing, read, read_plain
from tasks.answer.value import Number, UnreadableError, Value

MAX_LINE = 600
"""characters of a line's end that are looked at"""
_MAX_LINES = 50
_SHORT = 40
_DIGIT = re.compile(r"[\d\u00bc-\u00be\u2150-\u215e]")
_CUE = re.compile(
    r"(?i:answer|antwort|r[e\u00e9]ponse|respuesta|resposta|risposta|antwoord|odpowied\u017a|"
    r"\u043e\u0442\u0432\u0435\u0442)"
    r"(?:[*_]*\s*(?i:is|are|was|would be|should be|ist|lautet|est|es|\u00e9|\u00e8)\b)?[\s*_]*[:\uff1a=\s][\s*_:]*"
    r"|(?:\u7b54\u6848|\u7b54\u3048|\u7b54)[\s*_]*(?:\u5e94\u8be5)?(?:\u662f|\u4e3a|\u70ba|\u306f)?[\s*_]*[:\uff1a]?[\s*_]*"
)
_CUE_WORDS = ("nswer", "NSWER", "ntwo", "\u00e9ponse", "esp", "\u0442\u0432\u0435\u0442", "\u7b54")
_WORDS = "and|or|to|by|x|of|out of|und|oder|et|ou|bis|y|o|through"
_N = re.compile(rf"(?<![A-Za-z0-9_])(?<!\d[.,])(?<![A-Za-z]-){LITERAL}(?:[eE][-+]?\d+(?!\w))?", re.VERBOSE)
_GAP = re.compile(
    rf"""
    (?:\ ?(?P<unit>(?!(?:{_WORDS.replace(" ", chr(92) + " ")}|in|a)(?![A-Za-z]))(?:[A-Za-z\u03bc]{{1,14}}|[%\u00b0$\u20ac\u00a3'"])\.?(?:\^?[23])?(?![A-Za-z])))?
    (?P<operator>,?\s+(?:{_WORDS.replace(" ", chr(92) + " ")})(?![A-Za-z])|x|\s*\(?mod\s|\s*[-+*/\u00d7\u00b7\u00f7^:\u00b1\u2014~&|()]+|\s*[,;])?
    (?P<rest>(?:\s*(?:{units.CURRENCY}|[()]|[A-Za-z]\s?=|[-+]|(?:and|or)\s|[\u222a\u221a\u03c0]))*)
    \s*
    """,
    re.VERBOSE,
)
_MIXED = re.compile(r"\(?\d+\)?/\(?\d")
_NAMED = re.compile(r"(?<!\w)[A-Za-z]\s?=\s?[-+($]*$")
_LIST_ENDS = re.compile(r"[\s.)\]\"'$]*(?:$|,?\s(?:and|or)\s)")
_SIGNED = re.compile(
    rf"(?:(?<![A-Za-z0-9_\u00c0-\u024f)%\u00b0'\"\-+\u2014])[-+\u2014]|(?:(?<=\bis)|(?<=[=:]))\ [-\u2014]\ )?(?:{units.CURRENCY}\ ?)?(?<![A-Za-z0-9_\u00c0-\u024f)\-])[-+]?$",
    re.VERBOSE,
)
_MONTH_BEFORE = re.compile(r"(?<![^\W\d_])([^\W\d_]{3,12})\.?\s+(?:the\s+)?$")
_BAD_BEFORE = re.compile(
    r"(?:[<\u2264\u2265\u2260\u00b1\u221a\u03c0\u222a_]|(?<=.)[\u00d7\u00b7\u00f7^]|(?<=[^\-=>\s])\s?>|(?<![^\W\d])[^\W\d]\s*[-+*/^]"
    r"|\b(?:not|never|nor|except)|n't|\)\s*[-+*/^]|\\[A-Za-z]+\s*\(?|\b(?:sin|cos|tan|log|ln|sqrt|exp)\s*\(?|[A-Za-z]\(|[^\W\d]/)\s?$"
)
_BAD_AFTER = re.compile(
    r"\s?[*\u00d7\u00b7\u00f7^](?!\s*$)|\s?[\u221a\u03c0]|\s?[-+]\s?\(?[A-Za-z](?![A-Za-z'])|[+_\\(]|/[A-Za-z](?![A-Za-z])|(?![a-z]{3})[A-Za-z]"
    r"|\s?(?:or|and|to)\s(?:more|less|fewer|above|below|up|over|under|higher|lower|greater)\b|\s?\(?mod\b|\s(?:mil|[xyzn]|third|(?:hal[fv]e?|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|hundredth|thousandth)s)(?!\w)"
    r"|\s?\\(?:sqrt|pi|frac|log|sin|cos|mod|pmod)"
)
_TAIL = re.compile(
    rf"""
    (?:st|nd|rd|th)?(?![a-z])?
    (?:\ ?(?:hundred|thousand|[mbtr]+illion|mn|bn|lakhs?|crores?|dozen|Mio|Mrd|Tausend)\b|[kKMBT](?![A-Za-z])|[\u767e\u5343\u4e07\u842c\u4ebf\u5104\u5146])?
    (?:\ and\ (?:a\ )?(?:{"|".join(part.replace(" ", chr(92) + " ") for part in PARTS)})\b)?
    (?:\ ?[ap]\.?\ ?m\b\.?|\ ?o'clock(?:\ ?[ap]\.?m\b\.?)?)?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_UNIT = re.compile(rf"\ ?(?P<unit>{units.UNIT})(?![\w'])")
_AFTER_INCHES = re.compile(r"\s*(?:[.,;)]|$|tall|long|wide|high|deep|thick)")
_START = re.compile(
    rf"(?:(?:about|approximately|around|roughly|exactly|only)\s|[\u2248~]\s?|[A-Za-z]\s?=\s?)?[-+\u2014(\s\"']*(?:{units.CURRENCY}\s?)?[-+(]?\.?$"
)
_CHAIN = re.compile(r"(?:(?!\. )[^=\u2248\u2192]){0,40}[=\u2248\u2192](?:(?!\. )[^=\u2248\u2192]){0,40}")


def find(text: str, locale: str = "en") -> Value | None:
    """The answer of a text; None where it holds no number.

    Raises:
        UnreadableError: something stands where the answer is, and cannot be read whole.
    """
    box = find_boxed(text)
    if box is not None:
        return find_in(box, locale)
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
    return _find_last(text, known) if cued is None else cued


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
        cued = _find_cued(region, known)
        if cued is not None:
            return cued
        if re.search(r"[^\W\d_]{2,}\s+\S*\s*[^\W\d_]{2,}", region) is None:
            raise
        return _find_last(region, known)


def _find_cued(text: str, known: Conventions) -> Value | None:
    """What follows the last cue that a number follows directly."""
    begin = max(text.rfind(word) for word in _CUE_WORDS)
    if begin < 0:
        return None
    cue = None
    for cue in _CUE.finditer(text, max(0, begin - 300)):
        pass
    if cue is None:
        return None
    line = latex.plain(simplify(text[cue.end() : cue.end() + MAX_LINE].partition("\n")[0])).lstrip()
    words = ENGLISH.match(line) or CHINESE.match(line)
    if words is not None:
        return _read_words(words, line)
    numbers = list(_N.finditer(line))
    if not numbers or _START.fullmatch(line[: numbers[0].start()]) is None:
        return None
    last = 0
    while last + 1 < len(numbers):
        follows = _is_joined(line, numbers[last], numbers[last + 1], known)
        chain = _CHAIN.fullmatch(line[numbers[last].end() : numbers[last + 1].start()])
        if not follows and chain is None:
            break
        last += 1
    return _read_span(line, numbers, last, known)


def _read_words(words: re.Match[str], line: str) -> Value | None:
    """A number in words behind a cue; None where it is a word of a sentence."""
    number = read_number_words(words[0])
    rest = line[words.end() :].strip()
    follows = re.match(r"\W*$|[.,;!]\s|[\u3041-\u9fff]{1,4}\W*$", line[words.end() :]) or is_thing(rest.rstrip(".!"))
    return None if number is None or not follows else Number(Fraction(number))


def _find_last(text: str, known: Conventions) -> Value | None:
    """The last number of a text, with all that belongs to it."""
    end = len(text)
    for _ in range(_MAX_LINES):
        begin = text.rfind("\n", 0, end) + 1
        part = text[max(begin, end - MAX_LINE) : end]
        if _DIGIT.search(part):
            line = latex.plain(simplify(part))
            numbers = list(_N.finditer(line))
            if numbers:
                return _read_span(line, numbers, len(numbers) - 1, known)
        if begin == 0:
            return None
        end = begin - 1
    return None


def _read_span(line: str, numbers: list[re.Match[str]], last: int, known: Conventions) -> Value:
    """The value of the spelling that ends with a number of a line."""
    if last > 0 and _tail_end(line, numbers[last - 1].end()) >= numbers[last].end():
        last -= 1  # the last is the power of a unit: m s^(-2)
    first = last
    while first > 0 and _is_joined(line, numbers[first - 1], numbers[first], known):
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
    if _BAD_BEFORE.search(line[max(0, begin - 30) : begin]) or _BAD_AFTER.match(line, end):
        raise UnreadableError(f"what stands around '{span}' belongs to it")
    if line[begin - 1 : begin] in ("(", "[", "{") and line[end : end + 1] in (")", "]", "}") and not _is_single(span):
        raise UnreadableError(f"'({span})' holds several numbers")
    if line.startswith("...", end) and "." in numbers[last][0]:
        raise UnreadableError(f"'{span}...' has no end")
    return read_plain(span, known)


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
    return begin


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


def _is_joined(line: str, before: re.Match[str], after: re.Match[str], known: Conventions) -> bool:
    """Whether two numbers of a line are one spelling."""
    gap = line[before.end() : after.start()]
    found = _GAP.fullmatch(gap) if len(gap) < 40 else None
    if found is None or gap.strip() in (")", "(") or re.match(r"\s\((?!mod\b)", gap) or re.fullmatch(r":\s+|[A-Za-z]*\s?\(|[A-Za-z]\s?=\s*", gap):
        return False
    unit, operator = found["unit"], (found["operator"] or "").strip()
    if unit is not None and unit.casefold().rstrip(".") in known.months:
        return not operator or operator == ","
    if unit is not None:
        mine = units.read_unit({"'": "ft", '"': "in"}.get(unit, unit))
        if mine is None:
            return unit.rstrip(".").lower() in MULTIPLIERS and bool(operator)
        if operator in ("of", "out of"):
            return True
        if not operator or operator.isalpha() or operator == ",":
            follows = _UNIT.match(line, after.end())
            other = units.read_unit(follows["unit"]) if follows else None
            is_money = re.search(units.CURRENCY, found["rest"]) is not None
            return (
                is_money
                or line[after.end() : after.end() + 1] == '"'
                or (other is not None and other.dimension == mine.dimension)
            )
    if "=" in gap and (operator not in ("", ",", ";", "and", "or") or _NAMED.search(line[: before.start()]) is None):
        return False
    if not gap.strip() and not _MIXED.match(line, after.start()):
        return _LIST_ENDS.match(line, _tail_end(line, after.end())) is not None
    if operator in (",", ";") and not found["rest"].strip() and gap != ",":
        return _LIST_ENDS.match(line, _tail_end(line, after.end())) is not None or _is_day(line, before, known)
    return True


def _is_day(line: str, before: re.Match[str], known: Conventions) -> bool:
    month = _MONTH_BEFORE.search(line[max(0, before.start() - 20) : before.start()])
    return month is not None and month[1].casefold() in known.months
