"""Training rows: from published tables to the trainer's JSONL. Called by the train stage and by `selfloop stage`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from configs.schema.objective import Rows, TrainingObjective
from tasks.core.records import Example, Message, Pair

Row = dict[str, Any]
Parts = list[dict[str, str | float]]
"""One completion, piece by piece: {"text", "weight"}. The weight is a factor of the loss of its tokens; 0: given."""


def written(text: str) -> Parts:
    """A completion that the model wrote as a whole."""
    return [{"text": text, "weight": 1.0}]


def given_then_written(text: str, given: str, given_weight: float = 0.0) -> Parts:
    """A completion whose beginning was given to the model."""
    if not given:
        return written(text)
    assert text.startswith(given), f"the text {text[:80]!r} does not begin with what was given, {given[:80]!r}"
    return [{"text": given, "weight": given_weight}, *written(text.removeprefix(given))]


def example_row(example: Example, objective: TrainingObjective) -> Row:
    """An example; the objective says what loss falls on its given beginning."""
    return {
        "messages": _chat(example.messages),
        "completion": given_then_written(example.completion, example.prefix, objective.given_weight),
        "ends": True,
        "weight": example.weight,
    }


def labelled_row(example: Example, objective: TrainingObjective) -> Row:
    """An example with its label; the given beginning counts as written, and is tokenised with the rest."""
    return {
        "messages": _chat(example.messages),
        "completion": written(example.completion),
        "ends": True,
        "weight": example.weight,
        "is_desirable": example.is_desirable,
    }


def pair_row(pair: Pair, objective: TrainingObjective) -> Row:
    """A pair; no loss falls on what both sides were given."""
    return {
        "messages": _chat(pair.messages),
        "chosen": given_then_written(pair.chosen, pair.prefix),
        "rejected": given_then_written(pair.rejected, pair.prefix),
        "chosen_ends": pair.chosen_ends,
        "rejected_ends": pair.rejected_ends,
        "weight": pair.weight,
        "soft_label": pair.soft_label,
    }


@dataclass(frozen=True)
class RowKind:
    """How one kind of training rows lies in the store, and how the trainer reads it.

    Attributes:
        table: file of a select step.
        record: what its rows are.
        write: (record, objective) -> row.
        texts, fields: what a row of a user's file holds beside messages and weight: whole texts, and other values.
    """

    table: str
    record: type
    write: Callable[[Any, TrainingObjective], Row]
    texts: tuple[str, ...]
    fields: tuple[str, ...] = ()

    def from_file(self, row: Row) -> Row:
        """A row of a user's file, where a completion is a text, as the trainer reads it."""
        return {**{name: written(row[name]) for name in self.texts}, **{name: row[name] for name in self.fields}}


ROW_KINDS: dict[Rows, RowKind] = {
    "examples": RowKind("examples.parquet", Example, example_row, ("completion",)),
    "labelled": RowKind("examples.parquet", Example, labelled_row, ("completion",), ("is_desirable",)),
    "pairs": RowKind("pairs.parquet", Pair, pair_row, ("chosen", "rejected")),
}
"""A kind without an entry here cannot be trained on."""


def cap_judge_pairs(pairs: Iterable[Pair], max_share: float) -> Iterator[Pair]:
    """Pairs with those of judgements cut, in order, so that they make at most `max_share` of all (Meta-Rewarding)."""
    rows = list(pairs)
    num_policy = sum(pair.role == "policy" for pair in rows)
    left = int(num_policy * max_share / (1 - max_share))
    for pair in rows:
        if pair.role == "policy":
            yield pair
        elif left:
            left -= 1
            yield pair


def write_rows(path: Path, rows: Iterable[Row]) -> int:
    """Rows as JSONL; returns their number."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row) + "\n")
            count += 1
    return count


def _chat(messages: tuple[Message, ...]) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.content} for message in messages]
