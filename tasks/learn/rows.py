"""Training rows: from published tables to the trainer's JSONL. Called by the train stage and by `selfloop stage`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from configs.errors import UserError
from configs.schema.objective import Rows
from tasks.core.files import EXAMPLES, PAIRS, Table
from tasks.core.records import Example, Message, Pair, Span, written

Row = dict[str, Any]
Pieces = list[dict[str, str | float]]


def example_row(example: Example) -> Row:
    """An example, with its label where it has one; UserError for a piece without text."""
    row: Row = {
        "messages": _chat(example.messages),
        "completion": _pieces(example.completion, example.sample_id),
        "ends": example.ends,
        "weight": example.weight,
    }
    return row if example.is_desirable is None else {**row, "is_desirable": example.is_desirable}


def trajectory_row(example: Example) -> Row:
    """An example with the advantages of its pieces, where it has some; errors as of `example_row`."""
    row = example_row(example)
    return {**row, "advantages": list(example.advantages)} if example.advantages else row


def pair_row(pair: Pair) -> Row:
    """A pair; UserError for a piece without text."""
    return {
        "messages": _chat(pair.messages),
        "chosen": _pieces(pair.chosen, pair.chosen_id),
        "rejected": _pieces(pair.rejected, pair.rejected_id),
        "chosen_ends": pair.chosen_ends,
        "rejected_ends": pair.rejected_ends,
        "weight": pair.weight,
        "soft_label": pair.soft_label,
        "p_chosen": pair.p_chosen,
        "p_rejected": pair.p_rejected,
        "p_over": pair.p_over,
    }


@dataclass(frozen=True)
class RowKind:
    """How one kind of training rows lies in the store, and how the trainer reads it.

    Attributes:
        table: file of a select step.
        write: record -> row.
        texts, fields: what a row of a user's file holds beside messages and weight: whole texts, and other values.
    """

    table: Table[Any]
    write: Callable[[Any], Row]
    texts: tuple[str, ...]
    fields: tuple[str, ...] = ()

    def from_file(self, row: Row) -> Row:
        """A row of a user's file, where a completion is a text, as the trainer reads it."""
        texts = {name: _pieces(written(row[name]), name) for name in self.texts}
        return {**texts, **{name: row[name] for name in self.fields}}


ROW_KINDS: dict[Rows, RowKind] = {
    "examples": RowKind(EXAMPLES, example_row, ("completion",)),
    "labelled": RowKind(EXAMPLES, example_row, ("completion",), ("is_desirable",)),
    "pairs": RowKind(PAIRS, pair_row, ("chosen", "rejected")),
    "trajectories": RowKind(EXAMPLES, trajectory_row, ("completion",)),
}
"""A kind without an entry here cannot be trained on."""


def cap_judge_pairs(pairs: Callable[[], Iterable[Pair]], max_share: float) -> Iterator[Pair]:
    """Pairs with those of judgements cut, in order, so that they make at most `max_share` of all (Meta-Rewarding).

    Args:
        pairs: opens them; they are read twice.
    """
    num_policy = sum(pair.role == "policy" for pair in pairs())
    left = int(num_policy * max_share / (1 - max_share))
    for pair in pairs():
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


def _pieces(completion: tuple[Span, ...], source: str) -> Pieces:
    """A completion as the trainer reads it; the last piece may be empty: the end token alone."""
    if not completion or not all(span.text for span in completion[:-1]):
        raise UserError(
            f"the row of sample {source} has a piece without text: {[span.text for span in completion]}",
            "leave empty pieces out of the table; only the last may be empty, which is the end token alone",
        )
    return [{"text": span.text, "weight": span.weight} for span in completion]
