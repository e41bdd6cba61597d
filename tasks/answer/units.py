"""Units as people and models write them, with exact factors: `cm^2`, `square metres`, `km/h`, `dollars per hour`.

A table of our own, where libraries stand ready, because a reader of answers wants less than they give
(docs/design/reading.md). What is in no table is a thing that is counted.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from fractions import Fraction

from tasks.answer.value import PERCENT, Unit

_PREFIXES = {"n": Fraction(1, 10**9), "\u03bc": Fraction(1, 10**6), "u": Fraction(1, 10**6), "m": Fraction(1, 1000),
             "c": Fraction(1, 100), "d": Fraction(1, 10), "": Fraction(1), "h": Fraction(100), "k": Fraction(1000),
             "M": Fraction(10**6), "G": Fraction(10**9), "T": Fraction(10**12)}  # fmt: skip
_WORDS = {"nano": "n", "micro": "u", "milli": "m", "centi": "c", "deci": "d", "": "", "hecto": "h", "kilo": "k",
          "mega": "M", "giga": "G", "tera": "T"}  # fmt: skip
_WITH_PREFIX = {  # symbol: name, prefixes, factor to the base units, base units
    "m": ("meter|metre", "num cdhk", "1", "m"), "g": ("gram|gramme", "num k", "1", "g"),
    "s": ("second", "num ", "1", "s"), "L": ("liter|litre", "mcd h", "1/1000", "m3"),
    "l": ("", "mcd h", "1/1000", "m3"), "A": ("ampere|amp", "m ", "1", "A"),
    "W": ("watt", "m kMG", "1000", "g m2 s-3"), "J": ("joule", " kMG", "1000", "g m2 s-2"),
    "N": ("newton", " kM", "1000", "g m s-2"), "Pa": ("pascal", " hkM", "1000", "g m-1 s-2"),
    "V": ("volt", "m k", "1000", "g m2 s-3 A-1"), "Hz": ("hertz", " kMGT", "1", "s-1"),
    "C": ("coulomb", "um ", "1", "A s"), "mol": ("mole", "m ", "1", "mol"), "B": ("byte", " kMGT", "1", "byte"),
    "cal": ("calorie", " k", "4184", "g m2 s-2"), "Wh": ("watt-hour", " kM", "3600000", "g m2 s-2"),
    "\u03a9": ("ohm", " kM", "1000", "g m2 s-3 A-2"),
}  # fmt: skip
_ALONE = {  # all spellings: factor to the base units, base units
    "in|inch|inches": ("0.0254", "m"), "ft|foot|feet": ("0.3048", "m"), "yd|yds|yard|yards": ("0.9144", "m"),
    "mi|mile|miles": ("1609.344", "m"), "mph": ("0.44704", "m s-1"), "kph|kmh|kmph": ("5/18", "m s-1"),
    "knot|knots": ("463/900", "m s-1"), "t|tonne|tonnes": ("1000000", "g"),
    "lb|lbs": ("453.59237", "g"), "oz|ounce|ounces": ("28.349523125", "g"),
    "sec|secs": ("1", "s"), "min|mins|minute|minutes": ("60", "s"), "h|hr|hrs|hour|hours": ("3600", "s"),
    "day|days": ("86400", "s"), "week|weeks|wk|wks": ("604800", "s"),
    "month|months": ("1", "month"), "year|years|yr|yrs": ("12", "month"), "decade|decades": ("120", "month"),
    "century|centuries": ("1200", "month"),
    "gal|gallon|gallons": ("0.003785411784", "m3"), "qt|quart|quarts": ("0.000946352946", "m3"),
    "pint|pints": ("0.000473176473", "m3"), "cup|cups": ("0.0002365882365", "m3"),
    "cc": ("0.000001", "m3"), "ha|hectare|hectares": ("10000", "m2"), "acre|acres": ("4046.8564224", "m2"),
    "\u00b0|deg|degree|degrees": ("1", "degree"), "rad|radian|radians": ("1", "radian"),
    "\u00b0C|degrees Celsius|degrees C|celsius": ("1", "celsius"),
    "\u00b0F|degrees Fahrenheit|degrees F|fahrenheit": ("1", "fahrenheit"), "K|kelvin|kelvins": ("1", "K"),
    "Mb|Mbit|megabit|megabits": ("125000", "byte"), "Gb|Gbit|gigabit|gigabits": ("125000000", "byte"),
    "$|USD|US$|dollar|dollars|bucks": ("1", "$"), "cent|cents|\u00a2": ("0.01", "$"),
    "\u20ac|EUR|euro|euros": ("1", "\u20ac"), "\u00a3|GBP": ("1", "\u00a3"), "\u00a5|JPY|yen": ("1", "\u00a5"),
    "\u20b9|INR|Rs|Rs.|rupee|rupees": ("1", "\u20b9"), "\u20a9|KRW|won": ("1", "\u20a9"),
    "\u20bd|RUB|ruble|rubles|roubles": ("1", "\u20bd"), "A$|AUD": ("1", "AUD"), "C$|CAD": ("1", "CAD"),
    "CNY|RMB|yuan": ("1", "CNY"), "CHF|francs": ("1", "CHF"),
}  # fmt: skip
MONEY = ("$", "\u20ac", "\u00a3")
"""what has a hundred cents"""
CURRENCY = r"(?:US\$|A\$|C\$|[$\u00a2\u00a3\u00a5\u20a0-\u20cf]|Rs\.?(?=\s?\d))"
"""a pattern of signs that stand before an amount"""


def _dimension(text: str) -> dict[str, int]:
    terms = (re.fullmatch(r"([^\d-]+)(-?\d+)?", term) for term in text.split())
    return {term[1]: int(term[2] or 1) for term in terms if term}


@functools.cache
def _table() -> dict[str, tuple[Fraction, dict[str, int]]]:
    """Factor and base units of every spelling of a single unit."""
    table: dict[str, tuple[Fraction, dict[str, int]]] = {}
    for symbol, (names, prefixes, factor, base) in _WITH_PREFIX.items():
        for word, prefix in _WORDS.items():
            if (prefix or " ") in prefixes:
                value = (_PREFIXES[prefix] * Fraction(factor), _dimension(base))
                spelled = [f"{word}{name}{plural}" for name in names.split("|") if name for plural in ("", "s")]
                table |= dict.fromkeys([prefix + symbol, *spelled], value)
    table["\u03bcm"], table["\u03bcg"], table["\u03bcs"] = table["um"], table["ug"], table["us"]
    table |= dict.fromkeys(("ML", "mL"), table["ml"]) | dict.fromkeys(("KB",), table["kB"]) | {"kcals": table["kcal"]}
    for spellings, (factor, base) in _ALONE.items():
        table |= dict.fromkeys(spellings.split("|"), (Fraction(factor), _dimension(base)))
    table["%"] = table["percent"] = table["per cent"] = table["pct"] = (PERCENT.factor, {"%": 1})
    lower = {name.lower(): value for name, value in table.items() if len(name) > 3}
    return lower | table


_WORD = (
    r"(?:degrees?\ (?:Celsius|Fahrenheit|C|F)\b|per\ ?cent\b|\u00b0[CF]?|[A-Za-z\u03a9\u03bc]+"
    r"|[%$\u00a2\u00a3\u00a5\u20a0-\u20cf])"
)
_RAISED = r"(?:square|cubic|sq\.?|cu\.?)\ |(?:sq|cu)\."
_TERM = rf"(?:{_RAISED})?{_WORD}\.?(?:\^?\(?-?[1-3]\)?(?!\w)|\ squared|\ cubed)?"
UNIT = rf"(?:{_TERM}(?:\ ?(?:/|\u00b7|\*|\ per\ |\ (?=[a-z]{{1,3}}\^))\ ?{_TERM}){{0,3}})"
"""a pattern of what may be a unit (with re.VERBOSE or without)"""
_PARTS = re.compile(rf"(?P<join>^|\ ?(?:/|\u00b7|\*|\ per\ )\ ?|\ (?=[a-z]{{1,3}}\^))(?P<term>{_TERM})")
_ONE = re.compile(
    rf"(?P<before>{_RAISED})?(?P<word>{_WORD})\.?"
    r"(?:\^?\(?(?P<power>-?[1-3])\)?|\ (?P<after>squared|cubed))?"
)
_POWERS = {"sq": 2, "squared": 2, "square": 2, "cu": 3, "cubed": 3, "cubic": 3}


@functools.lru_cache(maxsize=4096)
def read_unit(text: str) -> Unit | None:
    """The unit that a text is, or None: then it may be a thing that is counted."""
    factor, dimension, end = Fraction(1), dict[str, int](), 0
    if text in _table() and not text.isalpha():
        return PERCENT if text == "%" else _unit(text, *_table()[text])
    for part in _PARTS.finditer(text):
        one = _ONE.fullmatch(part["term"])
        known = _lookup(one["word"]) if one else None
        if one is None or known is None or part.start() != end:
            return None
        power = int(one["power"] or _POWERS.get((one["before"] or one["after"] or "").rstrip(". "), 1))
        power = -power if "/" in part["join"] or "per" in part["join"] else power
        factor *= known[0] ** power
        for base, exponent in known[1].items():
            dimension[base] = dimension.get(base, 0) + exponent * power
        end = part.end()
    if end != len(text) or not text:
        return None
    return PERCENT if dimension == {"%": 1} else _unit(text, factor, dimension)


def _lookup(word: str) -> tuple[Fraction, dict[str, int]] | None:
    """Case counts in single letters alone: M is no metre."""
    return _table().get(word) or (_table().get(word.lower()) if len(word) > 1 else None)


def _unit(text: str, factor: Fraction, dimension: Mapping[str, int]) -> Unit:
    """Named by its commonest spelling where it has one."""
    powers = tuple(sorted((base, power) for base, power in dimension.items() if power))
    return Unit(_names().get((factor, powers), text), factor, powers)


@functools.cache
def _names() -> dict[tuple[Fraction, tuple[tuple[str, int], ...]], str]:
    """The first spelling of each unit and of its square and cube."""
    names: dict[tuple[Fraction, tuple[tuple[str, int], ...]], str] = {}
    for power, suffix in ((1, ""), (2, "^2"), (3, "^3")):
        for name, (factor, dimension) in sorted(_table().items(), key=lambda entry: len(entry[0])):
            powers = tuple(sorted((base, exponent * power) for base, exponent in dimension.items()))
            names.setdefault((factor**power, powers), name + suffix)
    return names


@functools.cache
def first_words() -> frozenset[str]:
    """The words, in small letters, with which a unit can begin."""
    return frozenset(word.lower() for name in (*_table(), *_POWERS) for word in name.split()[:1])
