"""Verifier `number`: the last number of the text equals the gold number, in exact arithmetic.

Read as numbers: 1,000; $3.50; -7 (also with the minus sign U+2212); 3. at a sentence's end; .5; 1e3; 1/2; 2 1/2; 50%.
A percentage equals its number, as data sets write it (50% = 50), and its share (50% = 0.5).
Not read as numbers: digits glued to a letter before them (x2, H2O); the minus of 10-7 belongs to the 10.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction

from configs.schema.verifier import NumberVerifier
from tasks.judge.verifiers.finding import Finding, explain_missing, find_answer_text, find_last

VERSION = 1
MAX_DIGITS = 300
"""Longer numbers, and exponents beyond, are refused: exact arithmetic on them could take minutes."""

_DIGITS = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)"
_DECIMAL = rf"(?:{_DIGITS}(?:\.[0-9]+)?|(?<![\w.])\.[0-9]+)"
_NUMBER = re.compile(
    rf"""
    (?=[0-9.$\u20ac\u00a3\u2212\\+-])
    (?P<sign>(?<![\w)\-\u2212])[-+\u2212])?
    (?:\\?[$\u20ac\u00a3](?P<inner_sign>[-\u2212])?)?
    (?<!\w)(?<![0-9]\.)
    (?:
        (?:(?P<whole>[0-9]+)[ ])?(?P<numerator>[0-9]+)/(?P<denominator>[0-9]+)
        | (?P<decimal>{_DECIMAL})(?:[eE](?P<exponent>[-+]?[0-9]+))?
    )
    [ ]?(?P<percent>\\?%)?
    """,
    re.VERBOSE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Number:
    """An exact number as it stood in a text."""

    value: Fraction
    is_percent: bool = False

    def __str__(self) -> str:
        """Plain decimal notation where that is exact, else a fraction: equal numbers look equal."""
        suffix = "%" if self.is_percent else ""
        if self.value.denominator == 1:
            return f"{self.value.numerator}{suffix}"
        decimal = Context(prec=2 * MAX_DIGITS).divide(Decimal(self.value.numerator), Decimal(self.value.denominator))
        is_exact = Fraction(decimal) == self.value
        return f"{decimal.normalize():f}{suffix}" if is_exact else f"{self.value}{suffix}"


def verify(text: str, gold: str | None, config: NumberVerifier) -> Finding:
    """Compare the last number of the text with the last number of gold. ValueError if gold holds none."""
    expected = _read_gold(gold or "")
    if expected is None:
        raise ValueError(f"the gold answer {gold!r} holds no number")
    found = find_last_number(find_answer_text(text, config.pattern) or "")
    if found is None:
        return Finding(note="no number found")
    return Finding(str(found), are_equal(found, expected, config.tolerance))


def extract(text: str, config: NumberVerifier) -> str | None:
    """The last number in one spelling: 1,000 and 1000.0 are `1000`. A percentage is its number; no `tolerance`."""
    found = find_last_number(find_answer_text(text, config.pattern) or "")
    return None if found is None else str(Number(found.value))


def explain_gold(gold: str | None, config: NumberVerifier) -> str | None:
    """Why gold cannot be compared with; None if it can."""
    if explain_missing(gold) is None and find_last_number(gold or "") is None:
        return f"has the gold answer {gold!r}, which holds no number"
    return explain_missing(gold)


def find_last_number(text: str) -> Number | None:
    """The last number of a text; None if there is none, or if it is out of bounds (x/0, more than 300 digits)."""
    last = find_last(_NUMBER, text)
    return _read(last) if last is not None else None


def read_number(text: str) -> Number | None:
    """The number that the whole text is, white space, dollar signs and a full stop at the ends aside; else None."""
    match = _NUMBER.fullmatch(text.strip("$ \t\n").rstrip("."))
    return _read(match) if match is not None else None


def are_equal(found: Number, expected: Number, tolerance: float = 0.0) -> bool:
    """True if they differ by at most `tolerance`; one percentage among them counts as number and as share."""
    differences = [found.value - expected.value]
    if found.is_percent and not expected.is_percent:
        differences.append(found.value / 100 - expected.value)
    if expected.is_percent and not found.is_percent:
        differences.append(found.value - expected.value / 100)
    return min(map(abs, differences)) <= Fraction(str(tolerance))


def _read(match: re.Match[str]) -> Number | None:
    if len(match.group()) > MAX_DIGITS or abs(int(match["exponent"] or 0)) > MAX_DIGITS:
        return None
    if match["denominator"] is None:
        value = Fraction(f"{match['decimal'].replace(',', '')}e{match['exponent'] or 0}")
    elif int(match["denominator"]) == 0:
        return None
    else:
        value = int(match["whole"] or 0) + Fraction(int(match["numerator"]), int(match["denominator"]))
    is_negative = (match["sign"] or match["inner_sign"] or "+") != "+"
    return Number(-value if is_negative else value, match["percent"] is not None)


@functools.lru_cache(maxsize=4096)
def _read_gold(gold: str) -> Number | None:
    return find_last_number(gold)
