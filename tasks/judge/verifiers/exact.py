"""Verifier `exact`: the stripped text equals the stripped gold text."""

from __future__ import annotations

from configs.schema.verifier import ExactVerifier
from tasks.judge.verifiers.finding import Finding, explain_missing, find_answer_text

VERSION = 1


def verify(text: str, gold: str | None, config: ExactVerifier) -> Finding:
    """Compare letter by letter; white space at the ends never counts, case unless `ignore_case`."""
    answer = find_answer_text(text, config.pattern)
    if not answer:
        return Finding(note="no text found")
    expected = (gold or "").strip()
    is_correct = answer.casefold() == expected.casefold() if config.ignore_case else answer == expected
    return Finding(answer, is_correct)


def extract(text: str, config: ExactVerifier) -> str | None:
    """The text itself, case folded if `ignore_case`; None where there is none."""
    answer = find_answer_text(text, config.pattern) or None
    return answer.casefold() if answer and config.ignore_case else answer


def explain_gold(gold: str | None, config: ExactVerifier) -> str | None:
    """Why gold cannot be compared with; None if it can."""
    return explain_missing(gold)
