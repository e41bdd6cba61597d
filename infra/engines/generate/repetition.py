"""Whether a text says the same over and over, by its tokens. Used by `decode.py`; vLLM has the same rule of its own."""

from __future__ import annotations

from collections.abc import Sequence

from configs.schema.repetition import Repetition


def repeats(tokens: Sequence[int], rule: Repetition) -> bool:
    """Whether the last tokens are one piece, `rule.times` times in a row.

    Args:
        tokens: generated so far, at least one.
    """
    for size in range(rule.shortest, min(rule.longest, len(tokens) // rule.times) + 1):
        span = size * (rule.times - 1)
        if tokens[-1] == tokens[-1 - size] and tokens[-span:] == tokens[-span - size : -size]:
            return True
    return False
