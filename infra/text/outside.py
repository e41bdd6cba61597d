"""Text and JSON from outside: what is no text is refused by name, or replaced and counted. Pure.

What readers of files refuse (problems, replay rows), readers of answers replace: a file can be mended, an answer not.
Everything else that a script may hold stays as it is: marks of direction, line separators, signs of any plane.

    a lone surrogate   half of a character; no bytes can be made of it, so no file, request or table takes it
    NUL                ends a text for Postgres, for programs in C and for many tokenizers
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

NO_TEXT = re.compile("[\ud800-\udfff\x00]")
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
MAX_DEPTH = 64
"""lists and objects within each other; what is deeper is no row that somebody wrote"""


def explain_text(text: str) -> str | None:
    """What of a text is no text, in words; None: nothing."""
    found = NO_TEXT.search(text)
    if found is None:
        return None
    character = found.group()
    half = f"half of a character (the lone surrogate U+{ord(character):04X})"
    return f"{'the character NUL' if character == chr(0) else half} at character {found.start()}"


def clean_answer(text: str) -> tuple[str, int]:
    """A text in which what is no text is replaced by U+FFFD, and how often it was."""
    return NO_TEXT.subn(REPLACEMENT, text)


def parse_json(text: str) -> Any:
    """JSON from outside. A byte-order mark at its beginning is no part of it.

    Raises:
        ValueError: it is no JSON, or nothing to work with: a text that is none, a number that is infinite or has more
            digits than Python reads, or more than `MAX_DEPTH` levels. The message says which.
    """
    try:
        value = json.loads(text.removeprefix(BYTE_ORDER_MARK), parse_constant=_refuse_constant)
    except json.JSONDecodeError:
        raise
    except RecursionError:
        raise ValueError(f"lists or objects lie more than {MAX_DEPTH} deep in each other") from None
    except ValueError as error:
        if "integer string conversion" in str(error):
            raise ValueError("a number has thousands of digits: write it as a text") from None
        raise
    if (complaint := explain_value(value)) is not None:
        raise ValueError(complaint)
    return value


def explain_value(value: Any) -> str | None:
    """What of a value from outside cannot be worked with, in words with the field; None: nothing."""
    for place, part in _leaves(value, "", 0):
        where = f" in {place}" if place else ""
        if part is _TOO_DEEP:
            return f"lists or objects lie more than {MAX_DEPTH} deep in each other{where[:80]}"
        if isinstance(part, str) and (complaint := explain_text(part)) is not None:
            return f"{complaint}{where}"
        if isinstance(part, float) and math.isinf(part):
            return f"a number is too large{where}"
    return None


_TOO_DEEP = object()


def _leaves(value: Any, place: str, depth: int) -> Iterator[tuple[str, Any]]:
    if depth > MAX_DEPTH:
        yield place, _TOO_DEEP
    elif isinstance(value, dict):
        for name, part in value.items():
            yield place, name
            yield from _leaves(part, f"{place}.{name}" if place else f"field '{name}'", depth + 1)
    elif isinstance(value, list):
        for part in value:
            yield from _leaves(part, place, depth + 1)
    else:
        yield place, value


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
