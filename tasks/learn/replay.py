"""Rows from outside mixed with a round's own (DICE, "Bootstrapping Language Models with DPO Implicit Rewards", arXiv
2406.09760). Called by the train stage. Pure but for reading the file.

With share g of replayed rows, n_off rows outside and n_own of the round:

    n_own_used = min(int(n_off (1 - g)), n_own),    n_off_used = int(g n_own_used / (1 - g))

Outside rows whose prompt is among the round's own are left out first, as in the authors' code.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from configs.errors import ProblemsError
from configs.schema.recipe import Recipe
from infra.text.outside import explain_text
from tasks.learn.rows import ROW_KINDS, Row, RowKind
from tasks.sample.problems.files import read_rows

ROLES = ("system", "user", "assistant", "tool")
"""who speaks in a chat"""


def replay_counts(num_outside: int, num_own: int, share: float) -> tuple[int, int]:
    """How many rows of the round, and how many from outside, make the mixture."""
    own = min(int(num_outside * (1 - share)), num_own)
    return own, int(share * own / (1 - share))


OpenRows = Callable[[], Iterable[Row]]
"""opens rows, as often as it is called"""


def mix(own: OpenRows, outside: OpenRows, share: float, seed: int) -> Iterator[Row]:
    """The mixture, drawn at random from both sides; the round's rows come first, in their order.

    Both are read twice; in memory are a number for each prompt of the round and for each row that is drawn.

    Raises:
        ProblemsError: nothing from outside is left, or so little that the mixture would be empty.
    """
    prompts = [_prompt(row) for row in own()]
    known, total = set(prompts), len(prompts)
    num_apart = sum(_prompt(row) not in known for row in outside())
    num_own, num_outside = replay_counts(num_apart, total, share)
    if total and not (num_own and num_outside):
        raise ProblemsError(
            f"train.replay: {num_apart} rows of the file have prompts of their own, too few for a share of {share:g} "
            f"beside {total} rows of the round",
            "give a larger file, or write a smaller share",
        )
    draw = random.Random(seed)
    yield from _draw(own(), total, num_own, draw)
    apart = (row for row in outside() if _prompt(row) not in known)
    yield from _draw(apart, num_apart, num_outside, draw)


def read_replay(path: Path, kind: RowKind, name: str | None = None) -> Iterator[Row]:
    """Rows of a file, as problem files are read: each with `messages` (or `prompt`), its texts and fields, perhaps a
    `weight`.

    Args:
        name: what the recipe calls the file. Default: the path.

    Raises:
        ProblemsError: while it is read: the file cannot be read, or a row cannot be trained on; names the row.
    """
    rows = read_rows(path, name)
    return (_read_row(row, kind, f"{name or path}, row {number}") for number, row in enumerate(rows))


def check_replays(recipe: Recipe, base_dir: Path) -> None:
    """Read every file that some round of a recipe replays. Called before the first round, so that none is in vain.

    Raises:
        ProblemsError: as `read_replay`.
    """
    stays = [recipe.of_phase(index) for index in range(len(recipe.phases))] or [recipe]
    settings = [stay.for_learner(name).train for stay in stays for name in stay.learners()]
    for path, rows, share in {
        (part.replay.path, part.objective.rows, part.replay.share) for part in settings if part.replay is not None
    }:
        num_found = sum(1 for _ in read_replay(base_dir / path, ROW_KINDS[rows], path))
        if not all(replay_counts(num_found, sys.maxsize, share)):
            raise ProblemsError(
                f"train.replay: {path} has {num_found} rows, of which a share of {share:g} beside rows of the round "
                "is none",
                "give a larger file, or write another share",
            )


def _read_row(row: Row, kind: RowKind, where: str) -> Row:
    needs = f"each row needs {', '.join(('prompt or messages', *kind.texts, *kind.fields))}"
    for name in (*kind.texts, *kind.fields, *(() if "messages" in row else ("prompt",))):
        if name not in row:
            raise ProblemsError(f"{where} has no {name}", needs)
    label = "messages" if "messages" in row else "prompt"
    messages = row["messages"] if "messages" in row else [{"role": "user", "content": row["prompt"]}]
    for name, text in (*_contents(messages, label, where), *((name, row[name]) for name in kind.texts)):
        _check_text(name, text, where)
    if len({row[name].strip() for name in kind.texts}) < len(kind.texts):
        raise ProblemsError(
            f"{where}: {' and '.join(kind.texts)} are the same text, and say nothing of what is better",
            "correct or remove the row",
        )
    for name in kind.fields:
        if not isinstance(row[name], bool):
            raise ProblemsError(f"{where}: {name} is {row[name]!r}, not true or false", needs)
    return {"messages": messages, "weight": _weight(row.get("weight", 1.0), where), **kind.from_file(row)}


def _contents(messages: object, name: str, where: str) -> list[tuple[str, object]]:
    if not isinstance(messages, list) or not messages:
        raise ProblemsError(f"{where}: messages is no list of turns", 'write [{"role": "user", "content": "..."}]')
    for turn in messages:
        if not isinstance(turn, dict) or turn.keys() != {"role", "content"} or not isinstance(turn["role"], str):
            fix = "a turn is a role and a content, and nothing else"
            raise ProblemsError(f"{where}: messages holds {str(turn)[:80]}, which is no turn of a chat", fix)
        if turn["role"] not in ROLES:
            raise ProblemsError(f"{where}: messages has the role {turn['role'][:40]!r}", f"write {', '.join(ROLES)}")
    if messages[-1]["role"] == "assistant":
        raise ProblemsError(f"{where}: messages ends with the assistant's turn", "write that turn as the row's text")
    if not any(turn["role"] == "user" for turn in messages):
        raise ProblemsError(f"{where}: messages has no turn of the user", "write what is asked, or remove the row")
    return [(name, turn["content"]) for turn in messages]


def _check_text(name: str, text: object, where: str) -> None:
    if not isinstance(text, str):
        raise ProblemsError(
            f"{where}: {name} is {str(text)[:80]!r}, not a text", "put it into quotes, or remove the row"
        )
    if (complaint := explain_text(text)) is not None:
        raise ProblemsError(f"{where}: {name} holds {complaint}", "correct or remove the row")
    if not text.strip():
        what = "what is asked" if name in ("prompt", "messages") else "what the model shall say"
        raise ProblemsError(f"{where}: {name} holds an empty text", f"write {what}, or remove the row")


def _weight(value: object, where: str) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= sys.float_info.max:
        return float(value)
    raise ProblemsError(f"{where}: weight is {str(value)[:80]}, not a number above 0", "write 1.0, or leave it out")


def _draw(rows: Iterable[Row], total: int, number: int, draw: random.Random) -> Iterator[Row]:
    """So many of them, in their order."""
    chosen = iter(sorted(draw.sample(range(total), number)))
    following = next(chosen, None)
    for place, row in enumerate(rows):
        if place == following:
            yield row
            following = next(chosen, None)


def _prompt(row: Row) -> int:
    """A number that tells prompts apart, within one process."""
    return hash(json.dumps(row["messages"], sort_keys=True))
