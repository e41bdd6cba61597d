"""Whether two answers are one: the only equality of answers, for verdicts as for votes, weights and counts.

`same` compares what was read with a trusted answer. Where answers are counted without one, `clusters` says which are
one: by their keys, the canonical spelling that `str` of a value is, and by what is written on one side alone (a unit, a
percent sign). Missing on one side, a unit does not count: `40 cm^2` is 40. Written on both, it does: 5 km is 5000 m and
not 5 m. 50% is 50, as data sets write it, and 0.5, as mathematics does; of a number between 0 and 1 only the latter.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from tasks.answer.read import read
from tasks.answer.units import read_unit
from tasks.answer.value import Date, Number, Ratio, Time, UnreadableError, Value, spell
from tasks.answer.words import unwrap


def same(found: Value, expected: Value, tolerance: float = 0.0) -> bool:
    """Whether a value is the expected one.

    Args:
        tolerance: largest difference of two numbers, in the unit of the expected one.

    Raises:
        UnreadableError: they are equal as far as they go, and what one of them says the other leaves open.
    """
    if isinstance(found, Number) and isinstance(expected, Number):
        if found == expected:
            return True
        return _same_number(found, expected, Fraction(str(tolerance)) if tolerance else Fraction(0))
    if isinstance(found, Time) and isinstance(expected, Time):
        return _same_time(found, expected)
    if isinstance(found, Date) and isinstance(expected, Date):
        pairs = ((found.year, expected.year), (found.month, expected.month), (found.day, expected.day))
        return all(asked in (None, said) for said, asked in pairs)
    if isinstance(found, Time) and isinstance(expected, Number):
        return found.is_hour and expected.unit is None and expected.value in _hours(found)
    if (
        isinstance(found, Number)
        and isinstance(expected, Time)
        and expected.is_hour
        and found.value in _hours(expected)
    ):
        raise UnreadableError("a number, where a time of day is expected")
    is_mixed = isinstance(found, Ratio) != isinstance(expected, Ratio)
    if is_mixed and _quotient(found) == _quotient(expected) is not None:
        raise UnreadableError("a ratio beside a number")
    return found == expected


def same_spelling(one: str | None, other: str | None, locale: str = "en") -> bool:
    """Whether two spellings of a trusted answer are one: as letters, or as what is read from both."""
    if one == other or one is None or other is None:
        return one == other
    try:
        first, second = read(one, locale), read(other, locale)
        return same(first, second) and same(second, first)
    except UnreadableError:
        return unwrap(one) == unwrap(other)


def _quotient(value: Value) -> Fraction | None:
    if isinstance(value, Ratio):
        return Fraction(*value.terms) if len(value.terms) == 2 else None
    return value.value if isinstance(value, Number) else None


def _same_number(found: Number, expected: Number, tolerance: Fraction) -> bool:
    mine, theirs = found.unit, expected.unit
    if mine is not None and theirs is not None and (mine.dimension or theirs.dimension):
        if mine.dimension == theirs.dimension:
            return abs(found.value * mine.factor / theirs.factor - expected.value) <= tolerance
        if mine.dimension and theirs.dimension:
            return False
    differences = [found.value - expected.value]
    if found.is_percent and theirs is None:
        differences = differences if not 0 < abs(expected.value) < 1 else []
        differences.append(found.value / 100 - expected.value)
    if expected.is_percent and mine is None:
        differences.append(found.value - expected.value / 100)
    is_equal = min(map(abs, differences)) <= tolerance
    if not is_equal and (found.before == expected.value or expected.before == found.value):
        raise UnreadableError("a number in millions, dozens or the like, beside one without")
    if is_equal and mine is not None and theirs is not None and not _are_same_things(mine.name, theirs.name):
        raise UnreadableError(f"'{mine.name}', where '{theirs.name}' are expected")
    return is_equal


def _are_same_things(mine: str, theirs: str) -> bool:
    """Whether names share a word, plural or not."""
    words = [{word[:4] for word in re.findall(r"\w+", name.lower())} for name in (mine, theirs)]
    return mine == theirs or bool(words[0] & words[1])


def _hours(time: Time) -> tuple[int, int]:
    hour = time.seconds // 3600
    return hour, hour % 12 or 12


def _same_time(found: Time, expected: Time) -> bool:
    halves = {found.half, expected.half}
    is_half_open = len(halves) == 2 and "" in halves
    if found.seconds != expected.seconds and is_half_open and (found.seconds - expected.seconds) % 43200 == 0:
        raise UnreadableError("a time of day without am or pm")
    return found.seconds == expected.seconds


_MEASURED = re.compile(r"(?P<value>-?[0-9]+(?:\.[0-9]+|/[0-9]+)?)(?P<unit>%| [^0-9].*)")


def clusters(answers: Sequence[str | None]) -> list[str | None]:
    """For each answer the one that stands for all its equals; None for None. The order of the answers changes nothing.

    A number with a unit joins the bare number, where answers with that number have no two different units.
    """
    keys = {answer for answer in answers if answer is not None}
    measured = {key: Number(Fraction(match["value"]), read_unit(match["unit"].strip()))
                for key in keys if (match := _MEASURED.fullmatch(key))}  # fmt: skip
    measured = {key: number for key, number in measured.items() if number.unit is not None}
    stands = {key: key for key in keys}
    by_value: dict[tuple[Fraction, tuple[tuple[str, int], ...]], list[str]] = {}
    for key in sorted(measured):
        number = measured[key]
        assert number.unit is not None
        by_value.setdefault((number.value * number.unit.factor, number.unit.dimension), []).append(key)
    bare: dict[str, list[list[str]]] = {}
    for group in by_value.values():
        stands |= dict.fromkeys(group, group[0])
        joined = next((name for key in group for name in _bare_spellings(measured[key]) if name in keys), None)
        if joined is not None:
            bare.setdefault(joined, []).append(group)
    for name, groups in bare.items():
        if len(groups) == 1:
            stands |= dict.fromkeys(groups[0], name)
    return [None if answer is None else stands[answer] for answer in answers]


def _bare_spellings(number: Number) -> list[str]:
    return [spell(number.value / 100), spell(number.value)] if number.is_percent else [spell(number.value)]
