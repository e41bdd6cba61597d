"""Times of day and days, where the whole of a spelling is one: `9:30 pm`, `17h30`, `March 5, 2024`, `2024-03-05`."""

from __future__ import annotations

import datetime
import re

from tasks.answer.locales import Conventions
from tasks.answer.value import Date, Ratio, Time, UnreadableError

_HALF = r"(?:\s?(?P<half>[ap])\.?\s?m\b\.?)"
_CLOCK = re.compile(
    rf"(?P<hour>\d{{1,2}})\s?(?::|(?<=\d)h(?=\d))\s?(?P<minute>\d{{2}})(?::(?P<second>\d{{2}}))?{_HALF}?"
    r"(?:\s?(?:hours|hrs|Uhr|h|o'clock))?"
    r"|(?P<bare_hour>\d{1,2})(?:\.(?P<dotted>\d{2}))?"
    rf"(?:{_HALF.replace('half', 'bare_half')}|\s?(?P<oclock>o'clock|Uhr)(?:{_HALF.replace('half', 'late_half')})?)",
    re.IGNORECASE,
)
_RATIO = re.compile(r"\d{1,12}(?:\s?:\s?\d{1,12}){1,4}")
_WEEKDAY = re.compile(r"^(?:(?:Mon|Tues?|Wednes|Wed|Thurs?|Fri|Satur|Sat|Sun)(?:day)?)\.?,?\s+", re.IGNORECASE)
_NUMERIC = re.compile(r"(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})")
_ORDINAL = r"(?:st|nd|rd|th|\.)?"
_NAMED = re.compile(
    rf"(?P<month>[^\W\d]{{3,12}})\.?\s+(?:the\s+)?(?P<day>\d{{1,2}}){_ORDINAL}(?:,?\s+(?P<year>\d{{4}}))?"
    rf"|(?:the\s+)?(?P<first_day>\d{{1,2}}){_ORDINAL}\s+(?:of\s+|de\s+)?(?P<later_month>[^\W\d]{{3,12}})\.?"
    r"(?:,?\s+(?:de\s+)?(?P<later_year>\d{4}))?"
    r"|(?P<only_month>[^\W\d]{3,12})\.?,?\s+(?P<only_year>\d{4})",
)


def read_time(spelling: str) -> Time | Ratio | None:
    """A time of day, or numbers with colons that are none: a ratio.

    Raises:
        UnreadableError: it is written as a time, and there is none such.
    """
    found = _CLOCK.fullmatch(spelling)
    if found is None:
        return _read_ratio(spelling)
    hour, minute = int(found["hour"] or found["bare_hour"]), int(found["minute"] or found["dotted"] or 0)
    second = int(found["second"] or 0)
    half = (found["half"] or found["bare_half"] or found["late_half"] or "").lower()
    if minute > 59 or second > 59 or hour > 24 or (half and not 0 < hour < 13):
        ratio = None if half or found["oclock"] else _read_ratio(spelling)
        if ratio is None:
            raise UnreadableError(f"'{spelling}' is no time of day")
        return ratio
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    return Time((hour % 24 * 60 + minute) * 60 + second, half and f"{half}m", found["minute"] is None)


def _read_ratio(spelling: str) -> Ratio | None:
    if _RATIO.fullmatch(spelling) is None:
        return None
    terms = [int(term) for term in spelling.split(":")]
    if 0 in terms:
        raise UnreadableError(f"'{spelling}' is no ratio")
    from math import gcd

    return Ratio(tuple(term // gcd(*terms) for term in terms))


def read_date(spelling: str, known: Conventions) -> Date | None:
    """A day or a month of a year.

    Raises:
        UnreadableError: it is written as a date, and there is none such.
    """
    spelling = _WEEKDAY.sub("", spelling)
    numeric = _NUMERIC.fullmatch(spelling)
    if numeric is not None:
        return _read_numeric(numeric, known)
    found = _NAMED.fullmatch(spelling)
    if found is None:
        return None
    month = known.months.get((found["month"] or found["later_month"] or found["only_month"]).casefold())
    if month is None:
        return None
    year, day = found["year"] or found["later_year"] or found["only_year"], found["day"] or found["first_day"]
    return _checked(int(year) if year else None, month, int(day) if day else None, spelling)


def _read_numeric(found: re.Match[str], known: Conventions) -> Date | None:
    first, mark, second, third = found[1], found[2], int(found[3]), found[4]
    if len(first) == 4 and len(third) <= 2:
        return _checked(int(first), second, int(third), found[0])
    if len(third) not in (2, 4) or len(first) > 2:
        return None
    year = int(third) + (2000 if len(third) == 2 else 0)
    month_first = known.month_first and mark != "." and int(first) < 13
    month, day = (int(first), second) if month_first else (second, int(first))
    return _checked(year, month, day, found[0])


def _checked(year: int | None, month: int, day: int | None, spelling: str) -> Date:
    try:
        datetime.date(2024 if year is None else year, month, day or 1)
    except ValueError as error:
        raise UnreadableError(f"'{spelling}' is no date") from error
    return Date(year, month, day)
