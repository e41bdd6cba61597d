"""Answers that a gold answer is not: what a verifier must tell apart from it. Pure.

Every part that a hasty reader may lose is changed once: the first number of 10:30 (9:30 is another time), the last one,
a digit before it, the sign, the order of letters.
"""

from __future__ import annotations

import re

_DIGITS = re.compile(r"[0-9]+")
_PLAIN = re.compile(r"-?[0-9][0-9,]*(?:\.[0-9]+)?")
_WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}")


def changed_golds(gold: str) -> list[str]:
    """Other answers, without repeats; at least one for every gold answer."""
    numbers = list(_DIGITS.finditer(gold))
    changed = [_replace(gold, number, _next(number.group())) for number in (numbers[:1] + numbers[-1:])]
    if _PLAIN.fullmatch(gold):
        changed.append(_replace(gold, numbers[0], f"1{numbers[0].group()}"))
        if gold.strip("-0.,"):
            changed.append(gold.removeprefix("-") if gold.startswith("-") else f"-{gold}")
    word = max(_WORD.finditer(gold), key=lambda match: len(match.group()), default=None)
    if not numbers and word is not None:
        changed.append(_replace(gold, word, word.group()[::-1]))
    changed = [text for text in dict.fromkeys(changed) if text != gold]
    return changed or [f"{gold}1"]


def _replace(text: str, match: re.Match[str], new: str) -> str:
    return text[: match.start()] + new + text[match.end() :]


def _next(digits: str) -> str:
    """The next number, in as many digits where they are enough: 007 gives 008."""
    return str(int(digits) + 1).zfill(len(digits))
