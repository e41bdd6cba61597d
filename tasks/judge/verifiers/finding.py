"""What a verifier says about one text, and the settings that all verifiers share: `thinking` and `pattern`."""

from __future__ import annotations

import functools
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from configs.schema.verifiers.base import VerifierBase
from tasks.answer.thinking import after_thinking
from tasks.answer.value import UnreadableError

NO_NUMBER = "no finite number: "
"""how a gold answer begins that a file holds as Infinity"""


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


C = TypeVar("C", bound=VerifierBase)


def unread_has_no_verdict(verify: Callable[[str, str | None, C], Finding]) -> Callable[[str, str | None, C], Finding]:
    """A verifier that says why in its note, where an answer cannot be read whole."""

    @functools.wraps(verify)
    def reading(text: str, gold: str | None, config: C) -> Finding:
        try:
            return verify(text, gold, config)
        except UnreadableError as error:
            return Finding(note=str(error))

    return reading


def unread_has_no_answer(extract: Callable[[str, C], str | None]) -> Callable[[str, C], str | None]:
    """The same for what finds an answer without gold."""

    @functools.wraps(extract)
    def reading(text: str, config: C) -> str | None:
        try:
            return extract(text, config)
        except UnreadableError:
            return None

    return reading


def find_answer_text(text: str, config: VerifierBase) -> str | None:
    """What is read of a text: what follows its thinking, and of that the first group of the pattern's last match,
    stripped. None without a match.

    Raises:
        UnreadableError: the thinking is not finished.
    """
    said = after_thinking(text, config.thinking)
    if said is None:
        raise UnreadableError("the thinking is not finished")
    if said.rstrip().endswith("|>"):
        said = re.sub(r"(?:<\|[^|<>\s]{1,40}\|>\s*)+$", "", said)
    if config.pattern is None:
        return said.strip()
    match = find_last(re.compile(config.pattern), said)
    return (match.group(1) or "").strip() if match is not None else None


def find_last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The last match of a pattern, or None."""
    last = deque(pattern.finditer(text), maxlen=1)
    return last.pop() if last else None


def explain_missing(gold: str | None) -> str | None:
    """Why a gold answer cannot be compared with, in words after the problem's name; None if it is there."""
    if gold and gold.startswith(NO_NUMBER):
        return f"has a gold answer that is {gold}"
    return None if gold and gold.strip() else "has no gold answer"


def explain_unread(gold: str | None, read: Callable[[str], Any]) -> str | None:
    """The same, where gold must be read whole."""
    if explain_missing(gold) is not None:
        return explain_missing(gold)
    try:
        read(gold or "")
    except ValueError as error:
        return f"has the gold answer {gold!r}, which cannot be read: {error}"
    return None
