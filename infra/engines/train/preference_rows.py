"""From text to token ids: what a pair and a labelled example are. Used inside the engine program `train_program.py`.

Prompt and completion are tokenised apart, as they are when generated; every completion has its end token.
The columns are those of TRL's collators.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Any, TypedDict

from configs.errors import EngineError
from infra.engines.chat import completion_token_ids
from infra.engines.generate.prompts import prefix_token_ids
from infra.engines.train.rows import encode_prompt

PAIR_COLUMNS = ("messages", "chosen", "rejected", "weight")
LABELLED_COLUMNS = ("messages", "completion", "is_desirable", "weight")


class TokenPair(TypedDict):
    """Two completions of one prompt. `soft_label` is the chance that the chosen one is better, where known."""

    prompt_ids: list[int]
    chosen_ids: list[int]
    rejected_ids: list[int]
    weight: float
    soft_label: float | None


class TokenLabelled(TypedDict):
    """A completion that is desirable (`label`) or not."""

    prompt_ids: list[int]
    completion_ids: list[int]
    label: bool
    weight: float


def encode_pairs(
    rows: Iterable[dict[str, Any]], tokenizer: Any, chat_template: str | None, max_length: int
) -> tuple[list[TokenPair], int]:
    """Token pairs, and the number left out because one of their sides is longer than `max_length` tokens.

    A row's `prefix`, with which both sides begin, belongs to the prompt; a side that does not end the model's turn has
    no end token.
    """
    encoded, num_too_long = [], 0
    for row in rows:
        prefix = row.get("prefix") or ""
        prompt = encode_prompt(row, tokenizer, chat_template) + prefix_token_ids(tokenizer, prefix)
        chosen, rejected = (_encode_side(row, side, prefix, tokenizer) for side in ("chosen", "rejected"))
        if len(prompt) + max(len(chosen), len(rejected)) > max_length:
            num_too_long += 1
            continue
        encoded.append(
            TokenPair(
                prompt_ids=prompt,
                chosen_ids=chosen,
                rejected_ids=rejected,
                weight=row["weight"],
                soft_label=row.get("soft_label"),
            )
        )
    return encoded, num_too_long


def _encode_side(row: dict[str, Any], side: str, prefix: str, tokenizer: Any) -> list[int]:
    """Tokens of one side after the prefix."""
    if not row[side].startswith(prefix):
        raise EngineError(f"a pair's {side} text does not begin with its prefix {prefix!r}", "give whole texts")
    tokens = completion_token_ids(tokenizer, row[side][len(prefix) :])
    return tokens if row.get(f"{side}_ends", True) else tokens[:-1]


def encode_labelled(
    rows: Iterable[dict[str, Any]], tokenizer: Any, chat_template: str | None, max_length: int
) -> tuple[list[TokenLabelled], int]:
    """Labelled token rows, and the number left out because they are longer than `max_length` tokens."""
    encoded, num_too_long = [], 0
    for row in rows:
        prompt = encode_prompt(row, tokenizer, chat_template)
        completion = completion_token_ids(tokenizer, row["completion"])
        if len(prompt) + len(completion) > max_length:
            num_too_long += 1
            continue
        encoded.append(
            TokenLabelled(prompt_ids=prompt, completion_ids=completion, label=row["is_desirable"], weight=row["weight"])
        )
    return encoded, num_too_long


def lay_out_batches(rows: Sequence[TokenLabelled], batch_size: int, seed: int) -> list[dict[str, Any]]:
    """Rows in a seeded order that stays the same every epoch, each with the completion its KL term is read from.

    KTO compares a prompt with a completion that is not its own: that of the row before it in the batch, the last
    one for the first, as in TRL. A last batch of one row takes the completion of the row before that batch.

    Args:
        rows: two or more.
        batch_size: rows of a batch, two or more.
    """
    ordered = random.Random(seed).sample(list(rows), len(rows))
    laid_out: list[dict[str, Any]] = []
    for start in range(0, len(ordered), batch_size):
        batch = ordered[start : start + batch_size]
        others = [batch[-1], *batch[:-1]] if len(batch) > 1 else [ordered[start - 1]]
        for row, other in zip(batch, others, strict=True):
            laid_out.append({**row, "KL_completion_ids": other["completion_ids"]})
    return laid_out
