"""Lines below an answer that are no part of it: `*Serves 6.*`, `Note: prices of 2023`, `[1] See chapter 3`.

And amounts as accounts write them: `Net income: (1,200)` is -1200. Called by `find.py`.
"""

from __future__ import annotations

import re

_NOTE = re.compile(
    r"[\s*_(>~-]*(?:(?:foot)?notes?|sources?|references?|nb|n\.b|p\.?\s?s|disclaimer|see\salso|figures?|confidence|certainty|time\staken)\b[*_]*\s?[:.]"
    r"|\s*\[\d{1,2}\]\s",
    re.IGNORECASE,
)
_ASIDE = re.compile(r"\s*(?:\*(?!\*)[^*\n]+\*|_(?!_)[^_\n]+_|\*?\([^()\n]+\)\*?)\.?\s*")
"""a whole line in italics or in brackets"""
_TOTAL = re.compile(
    r"[\s*_#>-]*(?:(?:so|thus|therefore|hence)\W+)?(?:the\s|in\s)?(?:grand\s|final\s|overall\s)?(?:total|sum|result|answer|price)\b"
    r"[^\n]{0,60}\d",
    re.IGNORECASE,
)
_ACCOUNT = re.compile(
    r"\b(?:net|income|profit|earnings|cash|flow|balance|revenue|surplus|deficit|margin|equity|operating)\b[^\n]{0,60}"
    r"(?:[:=]|\b(?:is|was|of))\s*(?P<before>[$\u20ac\u00a3])?\s?\(\s?(?P<inside>[$\u20ac\u00a3])?\s?(?P<amount>\d[\d,]*(?:\.\d+)?)\s?\)"
    r"(?P<unit>\s(?:thousand|million|billion))?[\s.*]*",
    re.IGNORECASE,
)


def is_note(line: str, before: str) -> bool:
    """Whether a line is a note, where an answer stands above it.

    Args:
        line: as it is written.
        before: the text above it.
    """
    if _NOTE.match(line):
        return re.search(r"\d", before) is not None
    if _ASIDE.fullmatch(line) is None:
        return False
    above = before.rstrip("\n -_=*")
    return _TOTAL.match(above, above.rfind("\n") + 1) is not None


def signed_account(line: str) -> str | None:
    """The amount that a line of accounts ends in, with the minus sign that its brackets are; None without one."""
    found = _ACCOUNT.search(line) if ")" in line[-20:] else None
    if found is None or found.end() < len(line):
        return None
    return f"-{found['before'] or found['inside'] or ''}{found['amount']}{found['unit'] or ''}"
