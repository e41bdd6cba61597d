"""Which problems that a model wrote are used (Self-Rewarding, arXiv 2401.10020; Self-Instruct, arXiv 2212.10560). Pure.

A problem is refused when it cannot be read, is too short or long, has a word of no use in text, or is too similar to an
earlier one by ROUGE-L, the F-measure of the longest common subsequence of words (Lin 2004).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from configs.schema.around_generate import SelfInstruct


def read_problem(text: str, pattern: str) -> str | None:
    """The problem in a model's text: the pattern's first group."""
    match = re.search(pattern, text)
    return (match.group(1) or "").strip() or None if match else None


def refuse(text: str, earlier: Sequence[str], config: SelfInstruct) -> str | None:
    """Why a problem is not used, as a name to count under; None if it is."""
    if not config.min_chars <= len(text) <= config.max_chars:
        return "length"
    words = set(split_words(text))
    if words & {word.lower() for word in config.forbidden}:
        return "forbidden"
    return "similar" if any(rouge_l(text, other) > config.max_rouge for other in earlier) else None


def rouge_l(a: str, b: str) -> float:
    """ROUGE-L of two texts, in [0, 1]; 0 where one has no words."""
    left, right = split_words(a), split_words(b)
    if not left or not right:
        return 0.0
    return 2 * _common_length(left, right) / (len(left) + len(right))


def split_words(text: str) -> list[str]:
    """Words and numbers of a text, in lower case; signs of arithmetic count as words."""
    return re.findall(r"\w+|[-+*/=^]", text.lower())


def _common_length(a: Sequence[str], b: Sequence[str]) -> int:
    """Length of the longest common subsequence, one row of the table at a time."""
    row = [0] * (len(b) + 1)
    for item in a:
        diagonal = 0
        for place, other in enumerate(b, 1):
            diagonal, row[place] = row[place], diagonal + 1 if item == other else max(row[place], row[place - 1])
    return row[-1]
