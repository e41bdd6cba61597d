"""Answers as rows of the tables of a store: each has the key of its question, and the number of its draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from infra.engines.questions import Missing

REPEATING = "repetition"
"""how a text ended that said the same over and over: to its readers it is a truncated one"""


@dataclass(frozen=True, slots=True)
class TextRow:
    """A Completion as a row; `question` is the key of its request, `finish_reason` stop, length or REPEATING."""

    VERSION: ClassVar[int] = 1
    question: str
    draw: int
    text: str
    finish_reason: str
    num_tokens: int
    logprob: float | None
    stop_text: str | None


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """A Score as a row."""

    VERSION: ClassVar[int] = 1
    question: str
    logprob: float
    num_tokens: int
    draw: int = 0


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A Read as a row."""

    VERSION: ClassVar[int] = 1
    question: str
    logprob: float
    is_greedy: bool
    num_tokens: int
    draw: int = 0


@dataclass(frozen=True, slots=True)
class RatedRow:
    """A Rated as a row."""

    VERSION: ClassVar[int] = 1
    question: str
    scores: tuple[float, ...]
    draw: int = 0


@dataclass(frozen=True, slots=True)
class EmbeddedRow:
    """An Embedded as a row."""

    VERSION: ClassVar[int] = 1
    question: str
    vector: tuple[float, ...]
    draw: int = 0


@dataclass(frozen=True, slots=True)
class Absent:
    """In the place of a row: there is no answer. It is never published, so that the next run asks again."""

    question: str
    draw: int
    why: Missing
