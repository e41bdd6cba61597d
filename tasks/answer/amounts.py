"""A number with its sign, and what stands around its digits: currency, unit, thing, a word such as million."""

from __future__ import annotations

import re
from fractions import Fraction

from tasks.answer import units
from tasks.answer.multipliers import MULTIPLIER, MULTIPLIERS, PART, PARTS
from tasks.answer.numbers import LITERAL, read_literal
from tasks.answer.statement_words import BEING, DENIALS, NEGATIONS, UNSURE, words_of
from tasks.answer.value import MAX_DIGITS, Number, Unit, UnreadableError, shorten

_SIGN = r"[-+\u2014]"
_INTEGER = r"\d{1,300}"
_NUMBER = re.compile(
    rf"""
    (?P<sign>{_SIGN}\ ?)?(?P<currency>{units.CURRENCY}\ ?)?(?P<inner_sign>{_SIGN})?
    (?:
        \(?(?P<numerator>{_SIGN}?{LITERAL})\)?\ ?[/\u00f7]\ ?\(?(?P<denominator>{_SIGN}?{LITERAL})\)?
        | (?P<whole>{_INTEGER})(?:\ |\ and\ |\ &\ )\ ?\(?(?P<over>{_INTEGER})\)?/\(?(?P<under>{_INTEGER})\)?
        | (?P<mantissa>{LITERAL})\ ?[\u00d7x*\u00b7]\ ?10\ ?\^\ ?\(?(?P<ten>{_SIGN}?\d{{1,4}})\)?
        | \(?(?P<base>{_SIGN}?{LITERAL})\)?\ ?\^\ ?\(?(?P<power>{_SIGN}?\d{{1,4}})\)?
        | \(?(?P<literal>{_SIGN}?{LITERAL}(?:[eE][-+]?\d+)?)\)?{PART}?
    )
    (?:st|nd|rd|th)?(?![\d.,])
    {MULTIPLIER}?
    (?P<rest>.*)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMPOUND = re.compile(
    r"(?P<number>\d+(?:[.,]\d+)?)\ ?(?P<unit>[A-Za-z]+|[\u00b0'\"])\.?(?:,?\ and\ |,?\ ?)", re.VERBOSE
)
_THINGS = re.compile(r"-?[^\W\d_]+(?:[- '][^\W\d_]+){0,4}")
_SHARE = re.compile(r"(\d{1,9})\ in\ (\d{1,9})")
"""`1 in 4`"""
_DECADE = re.compile(r"[12]\d{2}0s")
_TWO_SIGNS = re.compile(rf"{_SIGN}\ ?{_SIGN}")
_CHINESE = "\u2e80"
"""from here on one letter is a word"""
_NO_THINGS = re.compile(
    r"\b(?:and|or|to|more|less|fewer|least|most|half|quarter|past|mil|squared|cubed|plus|minus|over|mod|if|when|is|not|"
    r"point|x|y|z|n|i|k|pi|sqrt|factorial|thirds?|halves|"
    r"(?:fourth|fifth|sixth|seventh|eighth|ninth|tenth|hundredth|thousandth)s)\b",
    re.IGNORECASE,
)
_NOT_COUNTED = NEGATIONS | DENIALS | UNSURE | BEING | words_of("would could should can may might must will below above")
"""words after which the number is said of, not counted with"""


def read_amount(line: str, decimal: str) -> Number:
    """The number, with its unit, that a plain line is.

    Args:
        decimal: the locale's decimal separator.

    Raises:
        UnreadableError: it is none, or something else beside one.
    """
    share = _SHARE.fullmatch(line)
    if share is not None and int(share[2]) > 0:
        return Number(Fraction(int(share[1]), int(share[2])))
    found = _NUMBER.fullmatch(line)
    if found is None or _TWO_SIGNS.search(line) or _DECADE.fullmatch(line):
        raise UnreadableError(f"'{shorten(line)}' cannot be read as one number")
    try:
        return _measured(_number(found, decimal), found, line)
    except UnreadableError:
        compound = _read_compound(line, decimal)
        if compound is None:
            raise
        return compound


def _number(found: re.Match[str], decimal: str) -> Fraction:
    if found["denominator"]:
        under = _signed(found["denominator"], decimal)
        if under == 0:
            raise UnreadableError("a fraction over zero")
        return _signed(found["numerator"], decimal) / under
    if found["under"]:
        part = Fraction(int(found["over"]), int(found["under"]) or 1)
        if part >= 1:
            raise UnreadableError("a whole number beside a fraction that is no part of one")
        return int(found["whole"]) + part
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
    if found["letter"] and found["letter"] not in "kM" and not found["currency"]:
        raise UnreadableError(f"'{shorten(line)}' cannot be read whole")
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
        raise UnreadableError(f"'{shorten(line)}' cannot be read whole")
    return unit or currency or Unit(rest.lstrip("-").lower())


def is_thing(rest: str) -> bool:
    """Whether words name what is counted: three letters in one, no variable, and none that changes the number."""
    return (
        _NOT_COUNTED.isdisjoint(rest.lower().split())
        and _THINGS.fullmatch(rest) is not None
        and "\u03c0" not in rest
        and (rest[1:2] != " " or rest[0] in "aA" or rest[0] >= _CHINESE or units.read_unit(rest[0]) is not None)
        and _NO_THINGS.search(rest) is None
        and (max(map(len, rest.split())) > 2 or max(rest) >= _CHINESE)
    )


def _read_compound(line: str, decimal: str) -> Number | None:
    """`2 hours and 30 minutes`: units of one kind, each smaller than the one before; in the first of them."""
    found, end = list(_COMPOUND.finditer(line + " ")), 0
    total, first, last = Fraction(0), None, None
    for part in found:
        unit = units.read_unit({"'": "ft", '"': "in"}.get(part["unit"], part["unit"]))
        if first is not None and part["unit"] in ("cent", "cents") and first.name in units.MONEY:
            unit = Unit("cent", first.factor / 100, first.dimension)
        falls = last is None or (unit is not None and last.factor > unit.factor and last.dimension == unit.dimension)
        if unit is None or part.start() != end or not falls:
            return None
        first, last, end = first or unit, unit, part.end()
        total += read_literal(part["number"], decimal) * unit.factor
    if first is None or end < len(line) or len(found) < 2:
        return None
    return Number(total / first.factor, first)
