"""Brackets of a formula: what is between them, and where a list outside of them is parted."""

from __future__ import annotations

import re


def bracketed(text: str) -> tuple[str, str, str]:
    """Opening bracket, what is between, and closing bracket, where they are around all of a text; else ``, text, ``."""
    stripped = text.strip()
    for opening, closing in (("\\{", "\\}"), ("(", ")"), ("(", "]"), ("[", ")"), ("[", "]"), ("\\langle", "\\rangle")):
        if stripped.startswith(opening) and stripped.endswith(closing):
            inner = stripped[len(opening) : -len(closing)]
            if are_balanced(inner):
                plain_kind = {"\\{": "{}", "\\langle": "()"}.get(opening, opening + closing)
                return plain_kind[0], inner, plain_kind[1]
    return "", text, ""


_BRACKET = re.compile(r"\\[{}]|[()\[\]{}]")


def are_balanced(text: str) -> bool:
    """Whether brackets inside are closed inside."""
    depth = 0
    for bracket in _BRACKET.findall(text):
        depth += 1 if bracket[-1] in "([{" else -1
        if depth < 0:
            return False
    return depth == 0


def split(text: str, pattern: re.Pattern[str]) -> list[str]:
    """Pieces between matches of a pattern outside of brackets and braces."""
    depth, pieces, begin, position = 0, [], 0, 0
    while position < len(text):
        if text[position] in "([{":
            depth += 1
        elif text[position] in ")]}":
            depth -= 1
        match = pattern.match(text, position) if depth == 0 else None
        if match is not None and match.end() > position:
            pieces.append(text[begin:position])
            begin = position = match.end()
            continue
        position += 1
    return [*pieces, text[begin:]]
