r"""Which choice a text takes, in the words in which people and models choose, of many languages.

The answer is the last \boxed{...}, else what `<answer>` holds, else what the text's clauses claim in the end: the
strongest claim counts (`the answer is B` before `B is right` before a letter alone), and of equal ones there must be
one, unless the text says that it changes its mind. A choice that is denied after it was taken, two that are left open
(`A or B`), and a list of all cannot be read. What no known word takes is only named: neither the article A nor the
vitamin C nor `I loathe (C)`.
"""

from __future__ import annotations

import re

from tasks.answer.boxes import find_boxed
from tasks.answer.characters import simplify
from tasks.answer.choice_clauses import parse_clauses
from tasks.answer.choice_decision import decide
from tasks.answer.choice_events import events_of
from tasks.answer.latex import plain
from tasks.answer.value import UnreadableError
from tasks.answer.words import unwrap

MAX_CHARACTERS = 4000
"""how much of a text's end is looked at"""
_STRUCK = re.compile(r"~~[^~\n]{1,200}~~")
_TAGGED = re.compile(r"<answer>([^<]{1,400})</answer>")
_ALONE = re.compile(r"[\s(\[*_\"'`$]*(\w)[\s)\]*_\"'`$.:,;!]*")

_NUMBERED = re.compile(r"\s*(?:[Qq]uestion\s|[Qq])?\s?\d{1,3}\s?[.:)]\s*\(?([A-Z])[\s.)]*")
"""the number of a question before it"""


def find_choice(text: str, choices: str) -> str | None:
    """The chosen one of the choices, in upper case; None where there is none.

    Args:
        choices: one character each.

    Raises:
        UnreadableError: several are chosen, or one is taken back.
    """
    box = find_boxed(text)
    if box is not None:
        return _find(plain(simplify(unwrap(box))), choices)
    text = text[-MAX_CHARACTERS:]
    tagged = _TAGGED.findall(text) if "</answer>" in text else []
    text = tagged[-1] if tagged else _STRUCK.sub(" ", text) if "~~" in text else text
    return _find(plain(simplify(text)).strip(), choices)


def read_choice(spelling: str, choices: str) -> str:
    """The choice that a spelling is, in words around it too, in upper case. UnreadableError if it is none."""
    found = find_choice(spelling, choices)
    if found is None:
        raise UnreadableError(f"it is none of the choices {choices}")
    return found


def _find(text: str, choices: str) -> str | None:
    alone = _ALONE.fullmatch(text) or (None if choices[:1].isdigit() else _NUMBERED.fullmatch(text))
    if alone is not None:
        return alone[1].upper() if alone[1].upper() in choices.upper() else None
    return decide(events_of(parse_clauses(text, choices)), choices.upper())
