"""From text to token ids: prompts, and completions made of parts. Used inside the engine program `train_program.py`.

A row of the file is a chat and one completion, or two in a pair; a completion is a list of parts:

    {"messages": [...], "completion": [{"text": "12", "weight": 1.0}], "ends": true, "weight": 1.0}

A part's weight is a factor of the loss of its tokens: 0 for what was given to the model rather than written by it. The
prompt and every part are tokenised apart, as they are when generated. `ends`: the completion ends the model's turn and
has its end (`chat/turn_end.py`), with the weight of the last part; without the field it does.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict

from configs.errors import EngineError
from infra.engines.chat.format import ChatFormat

SIDES = ("completion", "chosen", "rejected")
IGNORED = -100
"""label of a token on which no loss falls, by torch's convention"""


class Part(TypedDict):
    """A piece of a completion, and the factor of its tokens' loss, 0 or more."""

    text: str
    weight: float


@dataclass(frozen=True)
class Encoder:
    """How text becomes token ids; rows longer than `max_length` tokens are left out whole, and counted."""

    chat: ChatFormat
    max_length: int
    _prompts: dict[str, list[int]] = field(default_factory=dict, repr=False, compare=False)

    def look_ahead(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Have the texts of some rows encoded together, before they are asked for one by one."""
        self._prompts.clear()
        sides = (row[name] for row in rows for name in SIDES if name in row)
        self.chat.written.look_ahead([part["text"] for side in sides for part in side])

    def prompt(self, row: dict[str, Any], given: Sequence[Part] = ()) -> list[int]:
        """The generation prompt exactly as in sampling, and the given beginning of the model's turn."""
        key = json.dumps(row["messages"])
        if key not in self._prompts:  # samples of a problem lie together
            turns = [(message["role"], message["content"]) for message in row["messages"]]
            self._prompts[key] = self.chat.prompt_ids(turns)
        chat = self._prompts[key]
        return chat + [token for part in given for token in self.chat.text_ids(part["text"])]

    def completion(self, parts: Sequence[Part], ends: bool) -> tuple[list[int], list[float]]:
        """Tokens of a completion, and the weight of each."""
        pieces = [(self.chat.text_ids(part["text"]), part["weight"]) for part in parts]
        if ends:
            pieces.append((list(self.chat.end.ids), parts[-1]["weight"]))
        tokens = [token for found, _ in pieces for token in found]
        return tokens, [weight for found, weight in pieces for _ in found]


def split_given(*sides: Sequence[Part]) -> tuple[Sequence[Part], list[Sequence[Part]]]:
    """Parts of weight 0 that all sides begin with, and what follows on each: at least its last part."""
    count = 0
    while all(len(side) > count + 1 and side[count] == sides[0][count] for side in sides):
        if sides[0][count]["weight"] != 0:
            break
        count += 1
    return sides[0][:count], [side[count:] for side in sides]


def tokens_of(row: Mapping[str, Any]) -> list[int]:
    """Tokens of a row of any objective: its beginning first."""
    columns = ("input_ids", "prompt_ids", "completion_ids", "chosen_ids")
    return [token for column in columns for token in row.get(column, ())]


def read_rows(path: Path, columns: Collection[str]) -> Iterator[dict[str, Any]]:
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
