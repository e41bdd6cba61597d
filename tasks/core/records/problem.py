"""What the model is asked: a chat, and what is known of its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a chat; role is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What the model is asked.

    Attributes:
        id: unique within the recipe's three sets.
        messages: the chat before the model's turn.
        gold: the trusted answer, where known.
        solution: a worked solution, where known; the warm start, guides and pairs with gold read it.
        tags: `key=value` strings such as `digits=2`.
    """

    VERSION: ClassVar[int] = 1
    id: str
    messages: tuple[Message, ...]
    gold: str | None = None
    solution: str | None = None
    tags: tuple[str, ...] = ()
