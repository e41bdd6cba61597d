"""Whole numbers in words: English (`twenty-five`, `one hundred and six`) and Chinese or Japanese (`\u5341\u516b`)."""

from __future__ import annotations

import re
from fractions import Fraction

_SMALL = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_POWERS = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_DIGIT = "|".join(list(_SMALL)[:10])
WORD = "|".join([*_SMALL, *_TENS, "hundred", *_POWERS])
_FRACTIONS = {"half": 2, "halves": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fourth": 4, "fourths": 4,
              "fifth": 5, "fifths": 5, "sixth": 6, "sixths": 6, "seventh": 7, "sevenths": 7, "eighth": 8, "eighths": 8,
              "ninth": 9, "ninths": 9, "tenth": 10, "tenths": 10, "twelfth": 12, "twelfths": 12,
              "hundredth": 100, "hundredths": 100}  # fmt: skip
FRACTION_WORDS = frozenset(_FRACTIONS)
_FRACTION = "|".join(sorted(_FRACTIONS, key=len, reverse=True))
_PART = re.compile(rf"(?:(?P<whole>.+?)\s+and\s+)?(?:(?P<over>an?|{WORD})[\s-])?(?P<under>{_FRACTION})", re.IGNORECASE)
ENGLISH = re.compile(
    rf"(?:minus\s+|negative\s+)?(?:(?:an?\s|half\sa\s|(?:{WORD})\s)?dozen\b|(?:an?\s+|one\s+)?half\b|an?\s+(?:third|quarter|fourth|fifth|sixth|seventh|eighth|ninth|tenth)\b|(?:an?\s+(?=hundred|thousand|million|billion))?(?:{WORD})(?:(?:\s+and\s+|[\s-]+)(?:{WORD}))*\b(?:(?:[\s-]|\s+and\s+(?:an?\s+)?)(?:{_FRACTION})\b)?(?:\spoint(?:\s(?:{_DIGIT}))+\b)?)",
    re.IGNORECASE,
)
NUMERAL = rf"(?:{WORD}|half|[a-z]+ths?|thirds?|quarters?)"
"""a word of a number, or of a share, in small letters"""
SHARE = re.compile(rf"(?:an?|{WORD})[\s-](?:{_FRACTION})|half", re.IGNORECASE)
"""`two fifths`"""
_DOZEN = re.compile(rf"(?:(an?|half a|{WORD})\s)?dozen", re.IGNORECASE)
_DIGITS = {
    character: value for value, character in enumerate("\u3007\u4e00\u4e8c\u4e09\u56db\u4e94\u516d\u4e03\u516b\u4e5d")
}
_DIGITS |= {"\u96f6": 0, "\u4e24": 2}
_UNITS = {"\u5341": 10, "\u767e": 100, "\u5343": 1000}
_LARGE = {"\u4e07": 10**4, "\u842c": 10**4, "\u4ebf": 10**8, "\u5104": 10**8}
CHINESE = re.compile("[" + "".join([*_DIGITS, *_UNITS, *_LARGE]) + "]{1,20}")


def read_number_words(text: str) -> Fraction | None:
    """The number that the words are; None where they are none, or in an order that no number has."""
    if CHINESE.fullmatch(text):
        found = _read_chinese(text)
        return None if found is None else Fraction(found)
    sign, rest = _split_sign(text)
    above, point, places = rest.partition(" point ")
    if point:
        digits, units = [_SMALL.get(word, 10) for word in places.lower().split()], _read_english(above)
        is_decimal = units is not None and digits and max(digits) < 10
        return sign * Fraction(f"{units}.{''.join(map(str, digits))}") if is_decimal else None
    dozen = _DOZEN.fullmatch(rest)
    if dozen is not None:
        count = {"half a": Fraction(1, 2)}.get(
            (dozen[1] or "a").lower(), Fraction(_read_english(dozen[1] or "one") or 1)
        )
        return sign * 12 * count
    if not ENGLISH.fullmatch(rest):
        return None
    part = _PART.fullmatch(rest)
    if part is None:
        whole = _read_english(rest)
        return None if whole is None else sign * Fraction(whole)
    over, under = (part["over"] or "one").lower(), part["under"].lower()
    if not under.endswith("s") and under not in ("half", "quarter") and over not in ("a", "an", "one"):
        return None  # twenty-fifth is a place in a row
    whole, top = _read_english(part["whole"] or "zero"), 1 if over in ("a", "an") else _read_english(over)
    return None if whole is None or top is None else sign * (whole + Fraction(top, _FRACTIONS[under]))


def _split_sign(text: str) -> tuple[int, str]:
    word, _, rest = text.partition(" ")
    return (-1, rest.strip()) if word.lower() in ("minus", "negative") else (1, text)


def _read_english(text: str) -> int | None:
    total = current = 0
    last, ceiling = None, 10**15
    for word in re.findall(r"[a-z]+", text.lower()):
        if word in _POWERS:
            if _POWERS[word] >= ceiling or not (current or last == "a"):
                return None
            total, current, ceiling = total + (current or 1) * _POWERS[word], 0, _POWERS[word]
        elif word == "hundred":
            if not (0 < (current or 1) < 10 or (10 < current < 100 and current % 10)) or last in (None, *_POWERS):
                return None
            current = (current or 1) * 100
        elif word in _SMALL or word in _TENS:
            value = _SMALL.get(word, _TENS.get(word, 0))
            fits = last not in _SMALL and (last not in _TENS or 0 < value < 10) and (value or total + current == 0)
            if not fits:
                return None
            current += value
        if word != "and":
            last = "a" if word == "an" else word
    return total + current


def _read_chinese(text: str) -> int | None:
    total = section = 0
    digit: int | None = None
    for character in text:
        if character in _DIGITS:
            if digit is not None and digit != 0:
                return None
            digit = _DIGITS[character]
        elif character in _UNITS:
            section += (1 if digit is None else digit) * _UNITS[character]
            digit = None
        else:
            total, section, digit = (total + section + (digit or 0)) * _LARGE[character], 0, None
    return total + section + (digit or 0)
