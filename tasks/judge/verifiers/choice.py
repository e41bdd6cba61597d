"""Verifier `choice`: the chosen letter equals the gold letter. How choices are read: `tasks/answer/choices.py`."""

from __future__ import annotations

from configs.schema.verifiers.kinds import ChoiceVerifier
from tasks.answer.choices import find_choice, read_choice
from tasks.answer.value import UnreadableError
from tasks.judge.verifiers.finding import (
    Finding,
    explain_missing,
    find_answer_text,
    unread_has_no_answer,
    unread_has_no_verdict,
)

VERSION = 6
LETTERS = "ABCDEFGHIJ"
"""of the options of the sets that have many"""


@unread_has_no_verdict
def verify(text: str, gold: str | None, config: ChoiceVerifier) -> Finding:
    """Compare letters, case ignored. ValueError if gold is not one of the choices."""
    try:
        expected = read_choice(gold or "", config.choices)
    except UnreadableError as error:
        raise ValueError(f"the problem {explain_gold(gold, config)}") from error
    found = find_choice(find_answer_text(text, config) or "", config.choices)
    return Finding(found, found == expected) if found else Finding(note="no choice found")


@unread_has_no_answer
def extract(text: str, config: ChoiceVerifier) -> str | None:
    """The chosen letter in upper case."""
    return find_choice(find_answer_text(text, config) or "", config.choices)


def explain_gold(gold: str | None, config: ChoiceVerifier) -> str | None:
    """Why gold cannot be compared with; None if it can."""
    if explain_missing(gold) is not None:
        return explain_missing(gold)
    try:
        read_choice(gold or "", config.choices)
    except UnreadableError:
        told = f"has the gold answer {gold!r}, which is none of the choices {config.choices}"
        return told + _hint(gold or "", config.choices)
    return None


def _hint(gold: str, choices: str) -> str:
    """What lets a gold answer in, where one sees it: the set's other options, or numbers of options."""
    if gold.strip().isdigit():
        return " (write mapping.answer.index_of and first, if golds are numbers of choices)"
    place = LETTERS.find(gold.strip(" .()").upper() or " ")
    if place < len(choices) or not LETTERS.startswith(choices.upper()):
        return ""
    return f" (write choices: {LETTERS[: place + 1]}, or as far as the options of the whole set go)"
