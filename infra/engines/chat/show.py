"""Chats as a model is given them, with their lengths in tokens; no weights are loaded. Called by `selfloop data`."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.engines.models.locate import BaseLocation
from infra.engines.models.model_files import ModelFiles
from infra.engines.one_shot import run_job
from infra.engines.programs import OFFLINE

PROGRAM = "infra.engines.chat.show_program"


@dataclass(frozen=True)
class ShownChat:
    """One chat.

    Attributes:
        text: what the model is given, special tokens written out; empty unless asked for.
        tokens: number of tokens of it.
        solution_tokens: of the worked solution with the end of the turn; None where there is none.
        refused: why the chat template refuses the chat; empty where it does not.
    """

    text: str = ""
    tokens: int = 0
    solution_tokens: int | None = None
    refused: str = ""


def show_chats(
    chats: Iterable[dict[str, Any]],
    model: ModelFiles,
    place: BaseLocation,
    *,
    revision: str | None,
    shown: Collection[int],
    work_dir: Path,
) -> list[ShownChat]:
    """All chats, in order.

    Args:
        chats: `messages`, a list of role and content, and `solution`, a text or None.
        model: how its chats are written; its `weights` are not read.
        place: where the model lies.
        shown: places of the chats whose text is wanted.
        work_dir: an empty folder.

    Raises:
        EngineError: there is no such model, or no tokenizer or template in it.
    """
    asked, answered = work_dir / "chats.jsonl", work_dir / "shown.jsonl"
    asked.write_text("".join(json.dumps(chat) + "\n" for chat in chats), encoding="utf-8")
    request = {
        "kind": place.kind, "location": place.location, "revision": revision, "model": model.to_json(),
        "chats": str(asked), "out": str(answered), "shown": sorted(shown),
    }  # fmt: skip
    env = {} if place.kind == "hub" else OFFLINE
    run_job(PROGRAM, request, what=f"reading chats as {model.name} does", work_dir=work_dir, env=env)
    with answered.open(encoding="utf-8") as rows:
        return [ShownChat(**json.loads(row)) for row in rows]
