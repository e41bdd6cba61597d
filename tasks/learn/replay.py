"""Rows from outside mixed with a round's own (DICE, "Bootstrapping Language Models with DPO Implicit Rewards", arXiv
2406.09760). Called by the train stage. Pure but for reading the file.

With share g of replayed rows, n_off rows outside and n_own of the round:

    n_own_used = min(int(n_off (1 - g)), n_own),    n_off_used = int(g n_own_used / (1 - g))

Outside rows whose prompt is among the round's own are left out first, as in the authors' code.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

from configs.errors import ProblemsError
from tasks.learn.rows import Row, RowKind


def replay_counts(num_outside: int, num_own: int, share: float) -> tuple[int, int]:
    """How many rows of the round, and how many from outside, make the mixture."""
    own = min(int(num_outside * (1 - share)), num_own)
    return own, int(share * own / (1 - share))


def mix(own: Sequence[Row], outside: Sequence[Row], share: float, seed: int) -> list[Row]:
    """The mixture, drawn at random from both sides; the round's rows come first, in their order.

    Raises:
        ProblemsError: nothing from outside is left, or so little that the mixture would be empty.
    """
    prompts = {_prompt(row) for row in own}
    apart = [row for row in outside if _prompt(row) not in prompts]
    num_own, num_outside = replay_counts(len(apart), len(own), share)
    if own and not (num_own and num_outside):
        raise ProblemsError(
            f"train.replay: {len(apart)} rows of the file have prompts of their own, too few for a share of {share:g} "
            f"beside {len(own)} rows of the round",
            "give a larger file, or write a smaller share",
        )
    draw = random.Random(seed)
    return [*_draw(own, num_own, draw), *_draw(apart, num_outside, draw)]


def read_replay(path: Path, kind: RowKind) -> list[Row]:
    """Rows of a JSONL file, each with `messages` (or `prompt`), its texts and fields.

    Raises:
        ProblemsError: the file cannot be read, or a line lacks a field; names the line.
    """
    rows = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ProblemsError(f"train.replay.path: {path} cannot be read: {error}", "name a JSONL file") from None
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            messages = row["messages"] if "messages" in row else [{"role": "user", "content": row["prompt"]}]
            rows.append({"messages": messages, "weight": row.get("weight", 1.0), **kind.from_file(row)})
        except (ValueError, KeyError, TypeError) as error:
            fields = ", ".join(("prompt or messages", *kind.texts, *kind.fields))
            raise ProblemsError(f"{path}, line {number}: {error!r}", f"each line needs {fields}") from None
    return rows


def _draw(rows: Sequence[Row], number: int, draw: random.Random) -> list[Row]:
    return [rows[index] for index in sorted(draw.sample(range(len(rows)), number))]


def _prompt(row: Row) -> str:
    return json.dumps(row["messages"], sort_keys=True)
