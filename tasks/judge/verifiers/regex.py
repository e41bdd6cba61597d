"""Verifier `regex`: the text matches a regular expression in which {gold} stands for the escaped gold answer."""

from __future__ import annotations

import re

from configs.schema.verifiers.kinds import RegexVerifier
from tasks.judge.verifiers.finding import Finding, explain_missing, find_answer_text, unread_has_no_verdict

VERSION = 2


@unread_has_no_verdict
def verify(text: str, gold: str | None, config: RegexVerifier) -> Finding:
    """Search `accept` in the text, or in what `pattern` finds in it. A text that does not match is wrong."""
    answer = find_answer_text(text, config)
    if answer is None:
        return Finding(note="no answer found by the pattern")
    match = re.search(config.accept.replace("{gold}", re.escape((gold or "").strip())), answer)
    found = match.group() if match else (answer if config.pattern else None)
    return Finding(found, match is not None)


def explain_gold(gold: str | None, config: RegexVerifier) -> str | None:
    """Why gold cannot be compared with; None if it can, or is not used."""
    return explain_missing(gold) if "{gold}" in config.accept else None
