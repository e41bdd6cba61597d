r"""From a spelling to what it means: the whole of it, or not at all. The one reader, for texts and for golds.

Read: `72`, `-7`, `$3.50`, `1/2`, `2 1/2`, `\frac12`, `50%`, `2^10`, `3 \times 10^8`, `3.5 million`, `40 cm^2`, `60 km/h`,
`2 hours and 30 minutes`, `3 apples`, `9:30 pm`, `March 5, 2024`, `3:2`; in digits of any script, with separators of any
locale. Not read, since no part of them is the answer: `3-5`, `3 and 5`, `5x`, `x > 3`, `10^{10^{10}}`, `5 or more`.
"""

from __future__ import annotations

import functools
import re
from fractions import Fraction

from tasks.answer import latex, units
from tasks.answer.characters import simplify
from tasks.answer.locales import Conventions, conventions
from tasks.answer.number_words import read_number_words
from tasks.answer.numbers import LITERAL, read_literal
from tasks.answer.times import read_date, read_time
from tasks.answer.value import MAX_DIGITS, Number, Unit, UnreadableError, Value

MAX_CHARACTERS = 400
"""a longer spelling is not read"""
MULTIPLIERS = {
    "hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12,
    "mn": 10**6, "bn": 10**9, "lakh": 10**5, "lakhs": 10**5, "crore": 10**7, "crores": 10**7, "dozen": 12,
    "mio": 10**6, "mrd": 10**9, "tausend": 10**3, "\u767e": 100, "\u5343": 1000, "\u4e07": 10**4, "\u842c": 10**4,
    "\u4ebf": 10**8, "\u5104": 10**8, "\u5146": 10**12, "k": 10**3, "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12,
}  # fmt: skip
PARTS = {"half": Fraction(1, 2), "a third": Fraction(1, 3), "one third": Fraction(1, 3), "two thirds": Fraction(2, 3),
         "a quarter": Fraction(1, 4), "three quarters": Fraction(3, 4), "three-quarters": Fraction(3, 4)}  # fmt: skip
_SIGN = r"[-+\u2014]"
_INTEGER = r"\d{1,300}"
_MULTIPLIER = (
    r"(?:\ ?(?P<multiplier>hundred|thousand|[mbtr]+illion|mn|bn|lakhs?|crores?|dozen|Mio|Mrd|Tausend)\b\.?"
    r"|(?P<character>[\u767e\u5343\u4e07\u842c\u4ebf\u5104\u5146])|(?P<letter>[kKMBT])(?![A-Za-z0-9]))"
)
_NUMBER = re.compile(
    rf"""
    (?P<sign>{_SIGN}\ ?)?(?P<currency>{units.CURRENCY}\ ?)?(?P<inner_sign>{_SIGN})?
    (?:
        \(?(?P<numerator>{_SIGN}?{LITERAL})\)?\ ?[/\u00f7]\ ?\(?(?P<denominator>{_SIGN}?{LITERAL})\)?
        | (?P<whole>{_INTEGER})(?:\ |\ and\ |\ &\ )\ ?\(?(?P<over>{_INTEGER})\)?/\(?(?P<under>{_INTEGER})\)?
        | (?P<mantissa>{LITERAL})\ ?[\u00d7x*\u00b7]\ ?10\ ?\^\ ?\(?(?P<ten>{_SIGN}?\d{{1,4}})\)?
        | \(?(?P<base>{_SIGN}?{LITERAL})\)?\ ?\^\ ?\(?(?P<power>{_SIGN}?\d{{1,4}})\)?
        | \(?(?P<literal>{_SIGN}?{LITERAL}(?:[eE][-+]?\d+)?)\)?(?:\ and\ (?:a\ )?(?P<part>{"|".join(PARTS)}))?
    )
    (?:st|nd|rd|th)?(?![\d.,])
    {_MULTIPLIER}?
    (?P<rest>.*)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMPOUND = re.compile(
    r"(?P<number>\d+(?:[.,]\d+)?)\ ?(?P<unit>[A-Za-z]+|[\u00b0'\"])\.?(?:,?\ and\ |,?\ ?)", re.VERBOSE
)
_THINGS = re.compile(r"-?[^\W\d_]+(?:[- '][^\W\d_]+){0,4}")
_CHINESE = "\u2e80"
"""from here on one letter is a word"""
_NO_THINGS = re.compile(
    r"\b(?:and|or|to|more|less|fewer|least|most|half|quarter|past|mil|squared|cubed|plus|minus|over|mod|if|when|is|not|"
    r"point|x|y|z|n|i|k|pi|sqrt|factorial|thirds?|halves|"
    r"(?:fourth|fifth|sixth|seventh|eighth|ninth|tenth|hundredth|thousandth)s)\b",
    re.IGNORECASE,
)
_WRAPPERS = (("(", ")"), ("[", "]"), ('"', '"'), ("'", "'"), ("`", "`"), ("{", "}"))
_PAIR = re.compile(r"[(\[{]\s?-?\d+,(?:\d{1,2}|\d{4,})\s?[)\]}]")
"""two numbers rather than a decimal comma"""
_PARTED = {True: "", False: ",;"}
"""what parts the terms of a list between brackets"""
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


@functools.lru_cache(maxsize=8192)
def _read(spelling: str, locale: str) -> Value:
    line = " ".join(latex.plain(simplify(spelling).strip()).split())
    return read_plain(bare(line), conventions(locale))


def bare(line: str) -> str:
    """A plain line without what stands around an answer: quotes, brackets, `x =`, a full stop."""
    for _ in range(4):
        before = line
        line = line.strip()
        if not line.endswith(("...", "a.m.", "p.m.")):
            line = line.rstrip(".;:,").rstrip()
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


def read_plain(line: str, known: Conventions) -> Value:
    """What a bare line means. UnreadableError if it cannot be read whole."""
    if not any(character.isdigit() for character in line):
        words = read_number_words(line)
        if words is None:
            raise UnreadableError(f"'{_short(line)}' holds no number")
        return Number(Fraction(words))
    if _PAIR.search(line):
        raise UnreadableError(f"'{_short(line)}' holds several numbers")
    value = read_time(line) or read_date(line, known)
    if value is not None:
        return value
    found = _NUMBER.fullmatch(line)
    if found is not None:
        try:
            return _measured(_number(found, known.decimal), found, line)
        except UnreadableError:
            compound = _read_compound(line, known)
            if compound is None:
                raise
            return compound
    raise UnreadableError(f"'{_short(line)}' cannot be read as one number")


def _number(found: re.Match[str], decimal: str) -> Fraction:
    if found["denominator"]:
        under = _signed(found["denominator"], decimal)
        if under == 0:
            raise UnreadableError("a fraction over zero")
        return _signed(found["numerator"], decimal) / under
    if found["under"]:
        over, under = int(found["over"]), int(found["under"])
        if not over < under:
            raise UnreadableError("a whole number beside a fraction that is no part of one")
        return int(found["whole"]) + Fraction(over, under)
    if found["ten"]:
        return _signed(found["mantissa"], decimal) * _power(Fraction(10), found["ten"])
    if found["power"]:
        return _power(_signed(found["base"], decimal), found["power"])
    return _signed(found["literal"], decimal) + PARTS.get(found["part"] or "", 0)


def _signed(literal: str, decimal: str) -> Fraction:
    value = read_literal(literal.lstrip("-+\u2014"), decimal)
    return -value if literal[0] in "-\u2014" else value


def _power(base: Fraction, power: str) -> Fraction:
    exponent = int(power.replace("\u2014", "-"))
    size = max(abs(base.numerator), base.denominator).bit_length()
    if abs(exponent) * size > 4 * MAX_DIGITS or (base == 0 and exponent <= 0):
        raise UnreadableError(f"a power of more than {MAX_DIGITS} digits")
    return base**exponent


def _measured(number: Fraction, found: re.Match[str], line: str) -> Number:
    """With its sign, and what stands around the digits: a word for a power of ten, a unit, or a thing."""
    is_negative = any((found[sign] or "+").strip() in "-\u2014" for sign in ("sign", "inner_sign"))
    number = -number if is_negative else number
    if found["letter"] and found["letter"] != "k" and not found["currency"]:
        raise UnreadableError(f"'{_short(line)}' cannot be read whole")
    word = (found["multiplier"] or "").lower() or found["character"] or found["letter"]
    unit = _unit(found, line)
    return Number(number * MULTIPLIERS[word], unit, before=number) if word else Number(number, unit)


def _unit(found: re.Match[str], line: str) -> Unit | None:
    rest = found["rest"].strip()
    currency = units.read_unit(found["currency"].strip()) if found["currency"] else None
    if not rest or (rest in ("-", "/-") and currency is not None):
        return currency
    if currency is None:
        unit = units.read_unit(rest)
    elif rest.startswith(("/", "per")):
        unit = units.read_unit(currency.name + rest.replace("per", " per", 1))
    else:
        unit = units.read_unit(rest)
        unit = unit if unit is not None and unit.dimension == currency.dimension else None
    if unit is None and not is_thing(rest):
        raise UnreadableError(f"'{_short(line)}' cannot be read whole")
    return unit or currency or Unit(rest.lstrip("-").lower())


def is_thing(rest: str) -> bool:
    """Whether words name what is counted: at least three letters in each, and none that changes the number."""
    return (
        _THINGS.fullmatch(rest) is not None
        and _NO_THINGS.search(rest) is None
        and (max(map(len, rest.split())) > 2 or max(rest) >= _CHINESE)
    )


def _read_compound(line: str, known: Conventions) -> Number | None:
    """`2 hours and 30 minutes`: units of one kind, each smaller than the one before; in the first of them."""
    found, end = list(_COMPOUND.finditer(line + " ")), 0
    total, first, last = Fraction(0), None, None
    for part in found:
        unit = units.read_unit({"'": "ft", '"': "in"}.get(part["unit"], part["unit"]))
        falls = last is None or (unit is not None and last.factor > unit.factor and last.dimension == unit.dimension)
        if unit is None or part.start() != end or not falls:
            return None
        first, last, end = first or unit, unit, part.end()
        total += read_literal(part["number"], known.decimal) * unit.factor
    if first is None or end < len(line) or len(found) < 2:
        return None
    return Number(total / first.factor, first)


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
