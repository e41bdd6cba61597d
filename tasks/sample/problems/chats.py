"""Rows that are chats: a list of turns in one field, as data sets on the hub have them. Pure; called by `mapping.py`.

A turn is `{"role": ..., "content": ...}` or `{"from": ..., "value": ...}`; a content may be a list of text parts. The
last turn, where it is the assistant's, is the solution; what is before it is what the model is asked.
"""

from __future__ import annotations

from typing import Any

from configs.errors import ProblemsError
from tasks.core.records import Message

ROLES = {
    "system": "system", "developer": "system", "user": "user", "human": "user", "assistant": "assistant",
    "gpt": "assistant", "model": "assistant",
}  # fmt: skip
KEYS = (("role", "content"), ("from", "value"))


def read_chat(value: Any, field: str, where: str) -> tuple[tuple[Message, ...], str | None]:
    """The chat before the model's turn, and the last assistant turn; None where the chat ends with the user.

    Raises:
        ProblemsError: it is no chat, or there is nothing to answer; names the row and the turn.
    """
    if not isinstance(value, list) or not value:
        raise ProblemsError(
            f"{where}: field '{field}' holds {_kind(value)}, not a list of turns",
            'write [{"role": "user", "content": ...}, ...], or use mapping.prompt',
        )
    turns = [_read_turn(turn, f"{where}: turn {number} of '{field}'") for number, turn in enumerate(value)]
    for number, turn in enumerate(turns[1:], start=1):
        if turn.role == "system":
            raise ProblemsError(f"{where}: turn {number} of '{field}' is a system turn", "write it as the first turn")
    solution = turns.pop().content if turns[-1].role == "assistant" else None
    if not turns or turns[-1].role != "user":
        last = f"turn {len(turns) - 1} is the {turns[-1].role}'s" if turns else "there is none"
        raise ProblemsError(
            f"{where}: field '{field}': the turn to be answered has to be the user's, and {last}",
            "correct or remove the row",
        )
    return tuple(turns), solution


def _read_turn(turn: Any, where: str) -> Message:
    for role_key, content_key in KEYS:
        if isinstance(turn, dict) and role_key in turn and content_key in turn:
            role, content = turn[role_key], _as_text(turn[content_key])
            if not isinstance(role, str) or role.lower() not in ROLES:
                raise ProblemsError(f"{where} has the role {role!r}", f"write one of {', '.join(ROLES)}")
            if content is None:
                raise ProblemsError(f"{where} holds no text", "write its content as a text, or remove the row")
            return Message(ROLES[role.lower()], content)
    raise ProblemsError(
        f"{where} has no role and content (or from and value)", 'write {"role": "user", "content": ...}'
    )


def _as_text(content: Any) -> str | None:
    """A text that is not blank; a list of text parts in one."""
    if isinstance(content, list):
        parts = [part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str)]
        content = "\n".join(parts) if len(parts) == len(content) else None
    return content if isinstance(content, str) and content.strip() else None


def _kind(value: Any) -> str:
    return "an empty list" if value == [] else "nothing" if value is None else f"a {type(value).__name__}"
