"""Rows of a wave: tokens as they were drawn, and streams, one number per token. JSON lines.

    {"prompt": [5, 9], "written": [7, 7, 2], "logprobs": [-0.1, -2.0, -0.3], "spans": [["advantage", 0, 3, 0.7]]}

A span says a stream's value from a token to before another. Tokens under no span of a stream are no matter of its
kernel: neither their loss nor their number. Written by the conductor, read inside the learner.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

Span = tuple[str, int, int, float]


@dataclass(frozen=True, slots=True)
class StreamRow:
    """One sequence of tokens.

    Attributes:
        prompt, written: token ids; at least one of each.
        logprobs: the sampler's, of each written token.
        teacher: token ids that a teacher sees in place of `prompt`; none where the row has none.
        spans: (stream, first token, token behind the last, value), counted in `written`.
    """

    prompt: Sequence[int]
    written: Sequence[int]
    logprobs: Sequence[float]
    spans: Sequence[Span]
    teacher: Sequence[int] = ()


NAMES = tuple(field.name for field in fields(StreamRow))


def write_rows(path: Path, rows: Iterable[StreamRow]) -> int:
    """Rows as JSON lines; returns their number."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            told = {name: getattr(row, name) for name in NAMES}  # asdict would copy each of the tokens
            file.write(json.dumps(told) + "\n")
            count += 1
    return count


def read_rows(path: Path) -> list[StreamRow]:
    """Inverse of `write_rows`."""
    with path.open(encoding="utf-8") as file:
        told = (json.loads(line) for line in file)
        return [StreamRow(**{**row, "spans": [tuple(span) for span in row["spans"]]}) for row in told]
