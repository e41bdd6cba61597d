"""Digits with separators, as all common locales write them.

Read alike in all of them: `1,234,567`, `1.234.567`, `10 000`, `1'234.5`, `1,00,000`, `1.234,56`, `0,5`, `12,5`. One
separator before exactly three digits has two readings, and the locale says which: `1.234` is a decimal in English and
a thousand in German.
"""

from __future__ import annotations

import re
from fractions import Fraction

from tasks.answer.characters import ARABIC_DECIMAL, ARABIC_GROUP
from tasks.answer.value import MAX_DIGITS, UnreadableError

_SPACED = r"[1-9]\d{0,2}(?:\ \d{3})+(?:[.,]\d+)?(?!\d)"
LITERAL = rf"(?:{_SPACED}|\d+(?:[.,'_{ARABIC_DECIMAL}{ARABIC_GROUP}]\d+)*|(?<![\w.])\.\d+)"
"""a pattern of all digits and separators that may be one number (with re.VERBOSE a blank needs its backslash)"""
_SEPARATOR = re.compile(r"\D")
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:S\d{3})+|[1-9]\d?(?:S\d{2})*S\d{3}")


def read_literal(spelling: str, decimal: str) -> Fraction:
    """The number that digits and separators are.

    Args:
        spelling: what LITERAL matches, with or without an exponent `e5`.
        decimal: the locale's decimal separator, for spellings with two readings.

    Raises:
        UnreadableError: the separators stand where no number has them, or there are more than 300 digits.
    """
    digits, _, exponent = spelling.lower().partition("e")
    if len(digits) > MAX_DIGITS or len(exponent) > 4 or abs(int(exponent or 0)) > MAX_DIGITS:
        raise UnreadableError(f"a number of more than {MAX_DIGITS} digits")
    if digits.isdigit():
        return Fraction(int(digits)) if not exponent else Fraction(f"{digits}e{exponent}")
    whole, fraction = _parts(digits, decimal)
    return Fraction(f"{whole or 0}.{fraction or 0}e{exponent or 0}")


def _parts(digits: str, decimal: str) -> tuple[str, str]:
    """Digits before and after the decimal separator."""
    marks = _SEPARATOR.findall(digits)
    last = marks[-1]
    is_fraction = last == ARABIC_DECIMAL or (
        last in ".," and marks.count(last) == 1 and (len(marks) > 1 or not _is_group(digits, last, decimal))
    )
    whole, _, fraction = digits.rpartition(last) if is_fraction else (digits, "", "")
    groups = set(_SEPARATOR.findall(whole))
    if not groups:
        return whole, fraction
    (mark,) = groups if len(groups) == 1 else (None,)
    if mark is None or mark == ARABIC_DECIMAL or not _GROUPED.fullmatch(whole.replace(mark, "S")):
        raise UnreadableError(f"'{digits}' has separators where no number has them")
    return whole.replace(mark, ""), fraction


def _is_group(digits: str, mark: str, decimal: str) -> bool:
    """Whether the only separator of a number parts thousands."""
    before, after = digits.split(mark)
    return len(after) == 3 and 0 < len(before) < 4 and before[0] != "0" and mark != decimal
