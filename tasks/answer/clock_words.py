"""Times of day in words, written in digits: `half past nine` is 9:30, `quarter to 5 in the afternoon` 4:45 pm.

`ten to twelve` may be a range, and stays; so does `twenty to thirty people`. Called by `find.py` and `read.py`.
"""

from __future__ import annotations

import re
from fractions import Fraction

from tasks.answer.number_words import read_number_words

_HOURS = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_MINUTES = "five|ten|fifteen|twenty|twenty[ -]five"
_HALF = r"(?P<half>\s(?:in\sthe\s(?:morning|afternoon|evening)|at\snight)\b|\s?[ap]\.?m\b\.?)?"
_PAST = re.compile(
    rf"\b(?:(?:an?\s)?(?P<part>half|quarter)|(?P<minute>{_MINUTES}|\d{{1,2}})(?P<minutes>\sminutes?)?)\s"
    rf"(?P<way>past|after|to|before|till)\s(?P<hour>{_HOURS}|1[0-2]|[1-9])\b(?![:.,]?\d|\s?%|-)(?:\so'clock\b)?{_HALF}",
    re.IGNORECASE,
)
_OCLOCK = re.compile(rf"\b(?P<hour>{_HOURS})\so'clock\b(?:\ssharp\b)?{_HALF}", re.IGNORECASE)
_NAMED = re.compile(
    r"(?:(?:it|the time)\s(?:is|was)\s|at\s)?(?:12\s)?(?P<name>noon|midnight|midday)[\s.!]*", re.IGNORECASE
)
_DIGIT = re.compile(r"\d")
_PARTS = (" past ", "uarter", "'clock", "inutes ")
"""one of them is in every such text that has a digit, or the text has none"""
_APART = re.compile(r"\s*(?:$|[.,;!?)*]|and\b|on\b|in\b|at\b|every\b|today\b|tomorrow\b|each\b)", re.IGNORECASE)
"""what follows a time: no thing that would be counted"""


def write_clock(text: str) -> str:
    """A text with its times of day in words in digits."""
    if _DIGIT.search(text) and not any(map(text[-100:].__contains__, _PARTS)):
        return text
    named = _NAMED.fullmatch(text)
    if named is not None:
        return "0:00" if named["name"].lower() == "midnight" else "12:00 pm"
    text = _OCLOCK.sub(lambda found: f"{_number(found['hour'])} o'clock{_suffix(found['half'])}", text)
    return _PAST.sub(_in_digits, text)


def _in_digits(found: re.Match[str]) -> str:
    way, hour = found["way"].lower(), int(_number(found["hour"]))
    minute = {"half": 30, "quarter": 15}.get((found["part"] or "").lower()) or int(_number(found["minute"]))
    is_past, is_part = way in ("past", "after"), found["part"] is not None
    is_certain = way == "past" or (is_part and way in ("to", "after", "till")) or found["minutes"] is not None
    is_falling = way == "to" and not is_part and minute > 12 and not found["minute"].isdigit()
    if (
        not (is_certain or is_falling)
        or minute > 59
        or ((found["part"] or "").lower() == "half" and way != "past")
        or _APART.match(found.string, found.end()) is None
    ):
        return found[0]
    hour = hour if is_past else (hour - 1 or 12)
    return f"{hour}:{minute if is_past else 60 - minute:02}{_suffix(found['half'])}"


def _number(word: str) -> str:
    number = Fraction(int(word)) if word.isdigit() else read_number_words(word)
    return str(number)


def _suffix(half: str | None) -> str:
    if half is None:
        return ""
    is_morning = "morning" in half.lower() or (half.strip().lower().startswith("a") and "after" not in half.lower())
    return " am" if is_morning and "night" not in half.lower() else " pm"
