"""How numbers and months are written in a language: from CLDR, by Babel.

English needs no table and does not import Babel. A locale decides only where a spelling has two readings (`1.234`).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Conventions:
    """Attributes:
    locale: its name.
    decimal: what stands before the fraction.
    months: number of the month by its lower-case name or abbreviation, without a full stop.
    month_first: whether 3/4 in a date is the fourth of March.
    """

    locale: str
    decimal: str
    months: dict[str, int]
    month_first: bool


def _named(*names: str) -> dict[str, int]:
    return {name.casefold(): number for number, name in enumerate(names, 1)}


ENGLISH_MONTHS = {
    **_named("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
             "November", "December"),
    **_named("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "sept": 9,
}  # fmt: skip


@functools.cache
def conventions(locale: str) -> Conventions:
    """Conventions of a locale such as `en`, `de`, `pt_BR` or `hi-IN`.

    Raises:
        ValueError: there is no such locale.
    """
    if locale == "en":
        return Conventions("en", ".", ENGLISH_MONTHS, month_first=True)
    from babel import Locale, UnknownLocaleError

    try:
        known = Locale.parse(locale.replace("-", "_"))
    except UnknownLocaleError as error:
        raise ValueError(f"there is no locale '{locale}'") from error
    symbols = known.number_symbols
    decimal = (symbols.get("latn") or next(iter(symbols.values())))["decimal"]
    months = dict(ENGLISH_MONTHS)
    for context in ("format", "stand-alone"):
        for width in ("wide", "abbreviated"):
            names = known.months[context][width]
            months |= {name.casefold().rstrip("."): int(number) for number, name in names.items()}
    pattern = known.date_formats["short"].pattern
    return Conventions(locale, decimal, months, month_first=0 <= pattern.find("M") < pattern.find("d"))
