"""Whether an answer stands in a text. Pure."""

from __future__ import annotations

import re


def stands_in(text: str, answer: str) -> bool:
    """Whether the answer stands in a text by itself: 7 does in `is 7.`, and not in 17, 7.5 or `seven7`."""
    return re.search(rf"(?<![\w.,]){re.escape(answer)}(?!\w|[.,]\d)", text, re.IGNORECASE) is not None
