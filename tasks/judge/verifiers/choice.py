r"""Verifier `choice`: the chosen letter equals the gold letter.

The letter is taken from the first of these that occurs, the last occurrence each:

1. the text is the letter alone, in any case: `b`, `(B)`, `**B**.`
2. a cue before it: `answer is B`, `Answer: (b)`, `the best choice is B`, `\boxed{B}`. A small letter counts only where
   it is not followed by a word, so that `the answer is a trick` holds no choice.
3. the last line is the letter alone or begins with it as an item: `B. Paris`, `B) 7`
4. a letter in parentheses, or after option or choice, anywhere: `so (C) it is`, `I take option C`

Letters elsewhere in prose are never read as a choice: neither the article A nor the vitamin C.
"""

from __future__ import annotations

import functools
import re

from configs.schema.verifier import ChoiceVerifier
from tasks.judge.verifiers.finding import Finding, explain_missing, find_answer_text, find_last

VERSION = 1
_OPEN, _CLOSE = r"[\s(\[*_\"'`$]*", r"[\s)\]*_\"'`$.:,;!]*"


def verify(text: str, gold: str | None, config: ChoiceVerifier) -> Finding:
    """Compare letters, case ignored. ValueError if gold is not one of the choices."""
    expected = find_choice(gold or "", config.choices)
    if expected is None:
        raise ValueError(f"the gold answer {gold!r} is none of the choices {config.choices}")
    found = find_choice(find_answer_text(text, config.pattern) or "", config.choices)
    return Finding(found, found == expected) if found else Finding(note="no choice found")


def extract(text: str, config: ChoiceVerifier) -> str | None:
    """The chosen letter in upper case."""
    return find_choice(find_answer_text(text, config.pattern) or "", config.choices)


def explain_gold(gold: str | None, config: ChoiceVerifier) -> str | None:
    """Why gold cannot be compared with; None if it can."""
    if explain_missing(gold) is None and find_choice(gold or "", config.choices) is None:
        return f"has the gold answer {gold!r}, which is none of the choices {config.choices}"
    return explain_missing(gold)


def find_choice(text: str, choices: str) -> str | None:
    """The chosen letter in upper case, or None."""
    alone, cue, item, mention = _patterns(choices)
    lines = text.strip().splitlines() or [""]
    match = alone.fullmatch(text) or find_last(cue, text) or item.match(lines[-1]) or find_last(mention, text)
    return next(group for group in match.groups() if group).upper() if match else None


@functools.cache
def _patterns(choices: str) -> tuple[re.Pattern[str], ...]:
    capital = f"[{re.escape(choices.upper())}]"
    either = f"[{re.escape(choices.upper() + choices.lower())}]"
    cue = (
        r"(?:\\boxed\{\s*(?:\\text\{)?"
        r"|\b(?:[Aa]nswer|[Oo]ption|[Cc]hoice)(?:\s+choice)?\s*(?:is|:|=)[\s:]*(?:[Oo]ption\s|[Cc]hoice\s)?)"
    )
    not_before_word = r"(?![\w'])(?!\s+\w)"
    return (
        re.compile(f"{_OPEN}({either}){_CLOSE}"),
        re.compile(rf"{cue}{_OPEN}(?:({capital})(?![\w'])|({either}){not_before_word})"),
        re.compile(rf"[\s*_]*({capital})(?:[\s*_]*$|[*_]*[.):])"),
        re.compile(rf"\(({either})\)|\b(?:[Oo]ption|[Cc]hoice)\s+({capital})\b"),
    )
