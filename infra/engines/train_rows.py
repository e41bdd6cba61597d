"""From text to token ids: what one training example is. Used inside the engine program `sft.py`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypedDict

from infra.engines.chat import completion_token_ids, prompt_token_ids

IGNORED = -100
"""label of a token on which no loss falls, by torch's convention"""


class TokenRow(TypedDict):
    """One example: the generation prompt exactly as in sampling, then the model's turn and its end token."""

    input_ids: list[int]
    labels: list[int]
    weight: float


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def encode_rows(
    rows: Iterable[dict[str, Any]], tokenizer: Any, chat_template: str | None, max_length: int
) -> tuple[list[TokenRow], int]:
    """Token rows, and the number of rows left out because they are longer than `max_length` tokens; none is cut."""
    encoded, num_too_long = [], 0
    for row in rows:
        messages = [(message["role"], message["content"]) for message in row["messages"]]
        prompt = prompt_token_ids(tokenizer, messages, chat_template)
        completion = completion_token_ids(tokenizer, row["completion"])
        if len(prompt) + len(completion) > max_length:
            num_too_long += 1
            continue
        labels = [IGNORED] * len(prompt) + completion
        encoded.append(TokenRow(input_ids=prompt + completion, labels=labels, weight=row["weight"]))
    return encoded, num_too_long
