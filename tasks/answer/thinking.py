"""Where a text's answer begins: after its thinking."""

from __future__ import annotations

from collections.abc import Iterable

Tags = Iterable[tuple[str, str]]
"""pairs of what opens a block of thinking and what closes it"""


def after_thinking(text: str, tags: Tags) -> str | None:
    """What follows the last block of thinking; None where a block is not finished: then nothing was answered yet.

    A block may begin in the prompt, where the chat template opens it: all before a closing tag is thinking.
    """
    end, lower = 0, text.lower()
    if len(lower) != len(text):  # a letter that becomes two
        lower = text
    for opening, closing in tags:
        closed = lower.rfind(closing.lower())
        if lower.rfind(opening.lower()) > closed:
            return None
        end = max(end, closed + len(closing) if closed >= 0 else 0)
    return text[end:]
