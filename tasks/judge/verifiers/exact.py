"""Verifier `exact`: the stripped text equals the stripped gold text."""

from __future__ import annotations

from configs.schema.verifiers.kinds import ExactVerifier
from tasks.answer.words import unwrap
from tasks.judge.verifiers.finding import (
    Finding,
    explain_missing,
    find_answer_text,
    unread_has_no_answer,
    unread_has_no_verdict,
)

VERSION = 2


@unread_has_no_verdict
def verify(text: str, gold: str | None, config: ExactVerifier) -> Finding:
    """Compare letter by letter; what stands around the whole never counts, case unless `ignore_case`."""
    answer = extract(text, config)
    if answer is None:
        find_answer_text(text, config)  # says why, where thinking is not finished
        return Finding(note="no text found")
    expected = unwrap(gold or "")
    return Finding(answer, answer == (expected.casefold() if config.ignore_case else expected))


@unread_has_no_answer
def extract(text: str, config: ExactVerifier) -> str | None:
    """The text itself, case folded if `ignore_case`; None where there is none."""
    answer = find_answer_text(text, config)
    answer = unwrap(answer) if answer else None
    return answer.casefold() if answer and config.ignore_case else answer or None


def explain_gold(gold: str | None, config: ExactVerifier) -> str | None:
    """Why gold cannot be compared with; None if it can."""
    return explain_missing(gold)
