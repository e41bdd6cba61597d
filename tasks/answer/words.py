r"""Answers that are words: what stands around them in LaTeX and Markdown does not belong to them."""

from __future__ import annotations

import re
import unicodedata

_AROUND = re.compile(
    r"\$\$?(?P<math>[^$]*)\$\$?|\\\((?P<round>.*)\\\)|\\\[(?P<square>.*)\\\]|(?P<mark>\*\*|__|`)(?P<bold>.*)(?P=mark)",
    re.DOTALL,
)
_WRAPPED = re.compile(r"\\(?:boxed|text(?:bf|it|rm|tt|sf|normal)?|mathrm|mathbf|mbox)\s*\{")


_INVISIBLE = " \t\r\n\f\v\u00a0\u200b\u200e\u200f\ufeff\u2060"


def unwrap(text: str) -> str:
    r"""A text without what is around all of it: `$\text{yes}$`, `**yes**` and `\boxed{yes}` are yes. NFC, stripped."""
    text = unicodedata.normalize("NFC", text).strip(_INVISIBLE)
    for _ in range(5):
        around = _AROUND.fullmatch(text)
        inner = (
            next((group for name, group in around.groupdict().items() if name != "mark" and group is not None), None)
            if around
            else _inside(text)
        )
        if inner is None or not inner.strip():
            return text
        text = inner.strip()
    return text


def _inside(text: str) -> str | None:
    """What a command holds, where its braces close at the text's end."""
    begin = _WRAPPED.match(text)
    if begin is None:
        return None
    depth = 1
    for position in range(begin.end(), len(text)):
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        if depth == 0:
            return text[begin.end() : position] if position == len(text) - 1 else None
    return None
