"""What a verifier says about one text, and the `pattern` setting that all verifiers share."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """A verifier's result for one text.

    Attributes:
        answer: what was extracted, in a form in which equal answers look equal where the verifier can do that.
        is_correct: None where no answer was found, or where the verifier scores without calling right or wrong.
        score: a verifier's own number; None leaves it to `is_correct`.
        note: why nothing was found, in words.
    """

    answer: str | None = None
    is_correct: bool | None = None
    score: float | None = None
    note: str | None = None


class NoVerdictError(Exception):
    """The verifier declined: neither right, nor wrong, nor a score."""


def find_answer_text(text: str, pattern: str | None) -> str | None:
    """The first group of the pattern's last match, stripped; the whole text without a pattern; None without a match."""
    if pattern is None:
        return text.strip()
    match = find_last(re.compile(pattern), text)
    return (match.group(1) or "").strip() if match is not None else None


def find_last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The last match of a pattern, or None."""
    last = deque(pattern.finditer(text), maxlen=1)
    return last.pop() if last else None


def explain_missing(gold: str | None) -> str | None:
    """Why a gold answer cannot be compared with, in words after the problem's name; None if it is there."""
    return None if gold and gold.strip() else "has no gold answer"
