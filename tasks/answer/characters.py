"""One character for each thing that people write with several: digits of all scripts, dashes, blanks, quotes.

Pure; nothing but `unicodedata`. What stays apart, because it means something else: the Arabic decimal and thousands
separators, a superscript (a power, `^(2)`), a fraction in one character (` 1/2`).
"""

from __future__ import annotations

import re
import unicodedata

ARABIC_DECIMAL, ARABIC_GROUP = "\u066b", "\u066c"
_SAME = {
    "-": "\u2212\u2013\u2012\u2010\u2011\ufe63\uff0d\u2043\u02d7\u2796",
    " ": "\u00a0\u202f\u2009\u2007\u2008\u200a\u2002\u2003\u2004\u2005\u2006\u205f\u3000\t\u000b\u000c",
    "": "\u200b\u200c\u200d\u200e\u200f\ufeff\u2060\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u00ad\u061c",
    "'": "\u2018\u2019\u02bc\u2032\u00b4\u02b9",
    '"': "\u201c\u201d\u2033\u00ab\u00bb\u201e",
    "/": "\u2044\u2215",
    "%": "\u066a\uff05\ufe6a",
    ",": "\u060c\uff0c\u3001",
    ".": "\uff0e\u3002",
    "\u00d7": "\u2715\u2716\u2a09",
    "\u00b7": "\u22c5\u2219\u2022\u30fb",
    "\u2192": "\u21d2\u27f6\u27f9\u2794",
    "\n": "\r\u0085\u2028\u2029",
}
_KEPT = (
    "\u2014\u00b0\u221a\u03c0\u00d7\u00f7\u00b1\u2248\u2264\u2265\u2260\u2192\u221e\u222a"
    + ARABIC_DECIMAL
    + ARABIC_GROUP
)


class _Table(dict[int, str]):
    """Grows by the characters that are met."""

    def __missing__(self, code: int) -> str:
        self[code] = found = chr(code) if code < 128 else _translate(chr(code))
        return found


def _translate(character: str) -> str:
    kind, form = unicodedata.category(character), unicodedata.decomposition(character)
    if kind == "Nd":
        return str(unicodedata.digit(character))
    if character in _KEPT or (kind == "Sc" and not form):
        return character
    plain = unicodedata.normalize("NFKC", character).replace("\u2044", "/").replace("\u2212", "-")
    if form.startswith("<fraction>"):
        return f" {plain}" if plain[-1].isdigit() else character
    if form.startswith("<super>") and (plain.isdigit() or plain in "+-"):
        return f"^({plain})"
    if form.startswith("<sub>"):
        return f"_{plain}"
    return plain


_TABLE = _Table({ord(other): one for one, others in _SAME.items() for other in others})


_MINUS_APART = re.compile(r"(?<=[^\W\d_]{2}\s)\u2212\s+(?=[.$\u20ac\u00a3]?\d)")
"""A minus sign proper is no dash, so behind any word it is the sign of its number; letters alone are variables."""


def simplify(text: str) -> str:
    """The same text in the fewest characters: full-width and native digits are ASCII, all dashes but one `-`."""
    if text.isascii():
        return text
    if "\u2212" in text:
        text = _MINUS_APART.sub("-", text)
    return text.translate(_TABLE).replace(")^(", "")
