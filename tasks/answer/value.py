"""What an answer can be, and that it cannot be read."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction

VERSION = 5
"""of all of this folder: raised when a text is read as something else, or something else is equal"""
MAX_DIGITS = 300
"""Longer numbers, and exponents beyond, are refused: exact arithmetic on them could take minutes."""


class UnreadableError(ValueError):
    """A spelling that cannot be read as a whole; says why, in words."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What a number counts or measures.

    Attributes:
        name: as it is written after a number: km, cm^2, $, %; for things that are counted their name, such as apples.
        factor: how many of the base unit it is, exactly.
        dimension: powers of base units, sorted by name; empty for things that are counted.
    """

    name: str
    factor: Fraction = Fraction(1)
    dimension: tuple[tuple[str, int], ...] = ()


PERCENT = Unit("%", Fraction(1, 100), (("%", 1),))


@dataclass(frozen=True, slots=True)
class Number:
    """An exact number.

    Attributes:
        value: in the unit, where one was written.
        before: what stood before a word such as million or dozen; None without one.
    """

    value: Fraction
    unit: Unit | None = None
    before: Fraction | None = None

    @property
    def is_percent(self) -> bool:
        return self.unit == PERCENT

    def __str__(self) -> str:
        """Plain decimal notation where that is exact, else a fraction: numbers that are equal as written look equal.
        Units of measurement are written out, names of things are not."""
        number = spell(self.value)
        if self.unit is None or not self.unit.dimension:
            return number
        return f"{number}{'' if self.is_percent else ' '}{self.unit.name}"


@dataclass(frozen=True, slots=True)
class Time:
    """A time of day.

    Attributes:
        seconds: since midnight.
        half: am or pm, where it was written; an hour from 1 to 12 without it may be in either half.
        is_hour: written without minutes, such as 5 pm.
    """

    seconds: int
    half: str = ""
    is_hour: bool = False

    def __str__(self) -> str:
        """`9:30`, with seconds where there are any."""
        minutes, seconds = divmod(self.seconds, 60)
        return f"{minutes // 60}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")


@dataclass(frozen=True, slots=True)
class Date:
    """A day, or a month; what was not written is None."""

    year: int | None
    month: int
    day: int | None

    def __str__(self) -> str:
        """As ISO 8601 writes it."""
        parts = ("--" if self.year is None else f"{self.year:04}", f"{self.month:02}")
        return "-".join(parts) + ("" if self.day is None else f"-{self.day:02}")


@dataclass(frozen=True, slots=True)
class Ratio:
    """Numbers in proportion, such as 3:2, in lowest terms."""

    terms: tuple[int, ...]

    def __str__(self) -> str:
        return ":".join(map(str, self.terms))


Value = Number | Time | Date | Ratio


def spell(number: Fraction) -> str:
    """A number in plain decimal notation where that is exact, else as a fraction."""
    if number.denominator == 1:
        return str(number.numerator)
    decimal = Context(prec=2 * MAX_DIGITS).divide(Decimal(number.numerator), Decimal(number.denominator))
    return f"{decimal.normalize():f}" if Fraction(decimal) == number else str(number)


def shorten(text: str) -> str:
    """A text for messages: at most 60 characters."""
    return text if len(text) <= 60 else text[:57] + "..."
