"""Text and JSON from outside: what is no text is refused by name, or replaced and counted. Pure.

What readers of files refuse (problems, replay rows), readers of answers replace: a file can be mended, an answer not.
Everything else that a script may hold stays as it is: marks of direction, line separators, signs of any plane.

    a lone surrogate   half of a character; no bytes can be made of it, so no file, request or table takes it
    NUL                ends a text for Postgres, for programs in C and for many tokenizers
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

NO_TEXT = re.compile("[\ud800-\udfff\x00]")
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
MAX_DEPTH = 64
"""lists and objects within each other; what is deeper is no row that somebody wrote"""
_TOO_DEEP = f"lists or objects lie more than {MAX_DEPTH} deep in each other"


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
        json.JSONDecodeError: it is no JSON.
        ValueError: it is nothing to work with: a number has more digits than Python reads, or there are more than
            `MAX_DEPTH` levels. The message says which.
    """
    try:
        value = json.loads(text.removeprefix(BYTE_ORDER_MARK))
    except json.JSONDecodeError:
        raise
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    except ValueError as error:
        if "integer string conversion" in str(error):
            raise ValueError("a number has thousands of digits: write it as a text") from None
        raise
    if is_deeper(value, MAX_DEPTH):
        raise ValueError(_TOO_DEEP)
    return value


def is_deeper(value: Any, levels: int) -> bool:
    """Whether lists and objects lie in each other on more levels."""
    level = [value]
    for _ in range(levels):
        level = [part for one in level if isinstance(one, (dict, list)) for part in _parts(one)]
    return any(isinstance(one, (dict, list)) for one in level)


def _parts(value: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value
