"""Rows of a wave: tokens as they were drawn, and streams, one number per token. JSON lines.

    {"prompt": [5, 9], "written": [7, 7, 2], "logprobs": [-0.1, -2.0, -0.3], "spans": [["advantage", 0, 3, 0.7]]}

A span says a stream's value from a token to before another. Tokens under no span of a stream are no matter of its
kernel: neither their loss nor their number. Written by the conductor, read inside the learner.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

Span = tuple[str, int, int, float]


@dataclass(frozen=True, slots=True)
class StreamRow:
    """One sequence of tokens.

    Attributes:
        prompt, written: token ids; at least one of each.
        logprobs: the sampler's, of each written token.
        spans: (stream, first token, token behind the last, value), counted in `written`.
    """

    prompt: Sequence[int]
    written: Sequence[int]
    logprobs: Sequence[float]
    spans: Sequence[Span]


def write_rows(path: Path, rows: Iterable[StreamRow]) -> int:
    """Rows as JSON lines; returns their number."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(asdict(row)) + "\n")
            count += 1
    return count


def read_rows(path: Path) -> list[StreamRow]:
    """Inverse of `write_rows`."""
    with path.open(encoding="utf-8") as file:
        return [StreamRow(**json.loads(line)) for line in file]


def tensors_of(rows: Sequence[StreamRow], streams: Iterable[str], num_rows: int, pad_id: int, device: Any) -> Any:
    """A wave's tensors by TRL's names, and each stream as NAME and NAME_mask, all (num_rows, tokens).

    Rows that are missing are filled up with ones without tokens: they take part in no sum and no count.

    Args:
        streams: names; one that no row has is 0 everywhere.
    """
    import torch

    full = [*rows, *[StreamRow((pad_id,), (pad_id,), (0.0,), ())] * (num_rows - len(rows))]
    width, before = max(len(row.written) for row in full), max(len(row.prompt) for row in full)
    tensors = {
        "prompt_ids": torch.tensor([[pad_id] * (before - len(row.prompt)) + list(row.prompt) for row in full]),
        "prompt_mask": torch.tensor([[0] * (before - len(row.prompt)) + [1] * len(row.prompt) for row in full]),
        "completion_ids": torch.tensor([list(row.written) + [pad_id] * (width - len(row.written)) for row in full]),
        "completion_mask": torch.zeros(num_rows, width, dtype=torch.long),
        "sampler_logps": torch.zeros(num_rows, width),
    }
    for name in streams:
        tensors[name], tensors[f"{name}_mask"] = torch.zeros(num_rows, width), torch.zeros(num_rows, width)
    for place, row in enumerate(rows):
        tensors["completion_mask"][place, : len(row.written)] = 1
        tensors["sampler_logps"][place, : len(row.written)] = torch.tensor(row.logprobs)
        for name, start, end, value in row.spans:
            tensors[name][place, start:end] = value
            tensors[f"{name}_mask"][place, start:end] = 1
    return {name: tensor.to(device) for name, tensor in tensors.items()}
