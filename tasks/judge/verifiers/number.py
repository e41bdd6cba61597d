"""Verifier `number`: the answer of the text equals the gold number, in exact arithmetic.

What is read as a number, and where in a text the answer is, stand in `tasks/answer`; so does when two are equal.
"""

from __future__ import annotations

from configs.schema.verifiers.kinds import NumberVerifier
from tasks.answer.equal import same
from tasks.answer.find import find, find_in
from tasks.answer.read import read
from tasks.answer.value import UnreadableError, Value
from tasks.judge.verifiers.finding import (
    Finding,
    explain_unread,
    find_answer_text,
    unread_has_no_answer,
    unread_has_no_verdict,
)

VERSION = 6


@unread_has_no_verdict
def verify(text: str, gold: str | None, config: NumberVerifier) -> Finding:
    """Compare the answer of the text with gold. ValueError if gold cannot be read."""
    try:
        expected = read(gold or "", config.locale)
    except UnreadableError as error:
        raise ValueError(f"the gold answer {gold!r} cannot be read: {error}") from error
    found = _find(text, config)
    if found is None:
        return Finding(note="no number found")
    try:
        return Finding(str(found), same(found, expected, config.tolerance))
    except UnreadableError as error:
        return Finding(str(found), note=str(error))


@unread_has_no_answer
def extract(text: str, config: NumberVerifier) -> str | None:
    """The answer in one spelling: 1,000 and 1000.0 are `1000`. No `tolerance`."""
    found = _find(text, config)
    return None if found is None else str(found)


def explain_gold(gold: str | None, config: NumberVerifier) -> str | None:
    """Why gold cannot be compared with; None if it can."""
    return explain_unread(gold, lambda spelling: read(spelling, config.locale))


def _find(text: str, config: NumberVerifier) -> Value | None:
    said = find_answer_text(text, config)
    if said is None or config.pattern is None:
        return find(said, config.locale) if said else None
    return find_in(said, config.locale)
