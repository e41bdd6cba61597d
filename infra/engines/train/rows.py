"""From text to token ids: what one example of SFT is. Used inside the engine program `train_program.py`."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, TypedDict

from configs.errors import EngineError
from infra.engines.chat import completion_token_ids, prompt_token_ids
from infra.engines.generate.prompts import prefix_token_ids

IGNORED = -100
"""label of a token on which no loss falls, by torch's convention"""

EXAMPLE_COLUMNS = ("messages", "completion", "weight")


class TokenRow(TypedDict):
    """One example: the generation prompt exactly as in sampling, then the model's turn and its end token."""

    input_ids: list[int]
    labels: list[int]
    weight: float


def read_rows(path: Path, columns: Collection[str] = EXAMPLE_COLUMNS) -> Iterator[dict[str, Any]]:
    """Rows of a JSONL file.

    Raises:
        EngineError: a row lacks one of the columns.
    """
    with path.open(encoding="utf-8") as file:
        for number, row in enumerate(map(json.loads, file), 1):
            missing = [column for column in columns if column not in row]
            if missing:
                raise EngineError(
                    f"row {number} of {path.name} has no {' and no '.join(missing)}, but only {', '.join(row)}",
                    f"this objective is trained on rows with {', '.join(columns)}",
                )
            yield row


def encode_prompt(row: dict[str, Any], tokenizer: Any, chat_template: str | None) -> list[int]:
    messages = [(message["role"], message["content"]) for message in row["messages"]]
    return prompt_token_ids(tokenizer, messages, chat_template)


def encode_rows(
    rows: Iterable[dict[str, Any]],
    tokenizer: Any,
    chat_template: str | None,
    max_length: int,
    *,
    skip_prefix: bool = False,
) -> tuple[list[TokenRow], int]:
    """Token rows, and the number of rows left out because they are longer than `max_length` tokens; none is cut.

    Args:
        skip_prefix: no loss on the tokens of a row's `prefix`.
    """
    encoded, num_too_long = [], 0
    for row in rows:
        prompt = encode_prompt(row, tokenizer, chat_template)
        prefix, rest = _encode_turn(row, tokenizer)
        if len(prompt) + len(prefix) + len(rest) > max_length:
            num_too_long += 1
            continue
        num_ignored = len(prompt) + (len(prefix) if skip_prefix else 0)
        input_ids = prompt + prefix + rest
        labels = [IGNORED] * num_ignored + input_ids[num_ignored:]
        encoded.append(TokenRow(input_ids=input_ids, labels=labels, weight=row["weight"]))
    return encoded, num_too_long


def _encode_turn(row: dict[str, Any], tokenizer: Any) -> tuple[list[int], list[int]]:
    """Tokens of the given start, and of the rest with its end token: apart, as they are when generated."""
    completion, prefix = row["completion"], row.get("prefix") or ""
    if not completion.startswith(prefix):
        raise EngineError(f"a completion does not begin with its prefix {prefix!r}: {completion[:80]!r}")
    return prefix_token_ids(tokenizer, prefix), completion_token_ids(tokenizer, completion[len(prefix) :])
