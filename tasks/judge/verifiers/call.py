"""Verifier `call`: the calls of a text are those of the gold answer, as structures (ToolACE-R, arXiv 2504.01400, stops
where a call equals the one before). How calls are read: `tasks/answer/calls.py`."""

from __future__ import annotations

from configs.schema.verifiers.call import CallVerifier
from tasks.answer.calls import read_calls, spell
from tasks.judge.verifiers.finding import (
    Finding,
    explain_unread,
    find_answer_text,
    unread_has_no_answer,
    unread_has_no_verdict,
)

VERSION = 1


@unread_has_no_verdict
def verify(text: str, gold: str | None, config: CallVerifier) -> Finding:
    """Compare functions and arguments. ValueError if gold is no call."""
    expected, found = _read(gold or "", config), find_answer_text(text, config)
    if not found:
        return Finding(note="no call found")
    answer = _read(found, config)
    return Finding(answer, answer == expected)


@unread_has_no_answer
def extract(text: str, config: CallVerifier) -> str | None:
    """The calls, equal ones alike."""
    found = find_answer_text(text, config)
    return _read(found, config) if found else None


def explain_gold(gold: str | None, config: CallVerifier) -> str | None:
    """Why gold cannot be compared with; None if it can."""
    return explain_unread(gold, lambda text: _read(text, config))


def _read(text: str, config: CallVerifier) -> str:
    return spell(read_calls(text), ordered=config.ordered)
