"""What is asked of a generator and what it answers, and their JSONL files. Standard library and configs only.

Shard = requests + sampling          tasks -> pool -> session -> engine child    one file
Completion                           engine child -> session -> pool -> tasks    one file a shard
Scoring / Score                      the same way, for log-probabilities of given texts
Rating / Rated                       the same way, for a reward model's opinion of given texts
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from configs.schema.generate import Sampling

Messages = tuple[tuple[str, str], ...]
"""A chat: (role, content) pairs."""


@dataclass(frozen=True, slots=True)
class Request:
    """A chat that the model continues `num_samples` times.

    Attributes:
        prefix: text that the model's turn begins with; a completion is what follows it.
        seed: of the request. With the number of a draw it is all that the draw's randomness depends on: not the shard,
            the batch, the order of completion, or the other draws.
        first: number of the first draw; a request for the draws from 8 on goes on with one for the first 8.
    """

    id: str
    messages: Messages
    num_samples: int = 1
    prefix: str = ""
    seed: int = 0
    first: int = 0

    @property
    def draws(self) -> range:
        """Numbers of the draws asked for."""
        return range(self.first, self.first + self.num_samples)


def draw_seed(seed: int, draw: int) -> int:
    """Seed of one draw of a request, below 2**63."""
    return int.from_bytes(hashlib.blake2b(f"{seed}/{draw}".encode(), digest_size=8).digest()) >> 1


@dataclass(frozen=True, slots=True)
class Completion:
    """One continuation.

    Attributes:
        index: number of the draw, from the request's `first` on.
        text: without end token, special tokens and stop text.
        finish_reason: stop (the model or a stop text ended it) | length (max_tokens or the context ended it).
        num_tokens: tokens generated, the end token and those of the stop text included.
        logprob: sum of the log-probabilities of these tokens at temperature 1 without truncation of the
            distribution, natural logarithm; None where the engine does not tell.
        stop_text: the stop text that ended it; None where the model did, or nothing did or the engine does not tell.
    """

    request_id: str
    index: int
    text: str
    finish_reason: Literal["stop", "length"]
    num_tokens: int
    logprob: float | None
    stop_text: str | None = None


@dataclass(frozen=True, slots=True)
class Shard:
    """Requests that are drawn together, the unit of generation.

    Attributes:
        name: unique among the shards under way.
        requests: no two of them ask for the same draw under the same id.
    """

    name: str
    requests: tuple[Request, ...]
    sampling: Sampling

    @property
    def num_samples(self) -> int:
        return sum(request.num_samples for request in self.requests)


@dataclass(frozen=True, slots=True)
class Scoring:
    """A chat and a continuation whose log-probability is asked.

    Attributes:
        prefix: text that the model's turn begins with; given, like the chat.
        with_end: whether the model's end token after the completion is scored too.
    """

    id: str
    messages: Messages
    completion: str
    prefix: str = ""
    with_end: bool = True


@dataclass(frozen=True, slots=True)
class Score:
    """Log-probability of a continuation: its tokens, and the end token if asked for, natural logarithm, summed."""

    id: str
    logprob: float
    num_tokens: int


@dataclass(frozen=True, slots=True)
class Rating:
    """A chat and an answer that a reward model rates.

    Attributes:
        step_separator: text between two steps of the answer; read by models that rate step by step.
    """

    id: str
    messages: Messages
    completion: str
    step_separator: str = "\n\n"


@dataclass(frozen=True, slots=True)
class Rated:
    """A reward model's opinion: one raw score of the answer, or one probability of being right for each step
    (none for a blank answer)."""

    id: str
    scores: tuple[float, ...]


def write_shard(path: Path, shard: Shard) -> None:
    """First line: name and sampling; then one request a line."""
    header = {"name": shard.name, "sampling": shard.sampling.model_dump(mode="json")}
    write_lines(path, [header, *map(asdict, shard.requests)])


def read_shard(path: Path) -> Shard:
    """Inverse of `write_shard`."""
    header, *rows = read_lines(path)
    requests = tuple(Request(**{**row, "messages": _messages(row)}) for row in rows)
    return Shard(header["name"], requests, Sampling(**header["sampling"]))


def write_rows(path: Path, rows: Iterable[Completion | Scoring | Score | Rating | Rated]) -> None:
    """One row a line."""
    write_lines(path, map(asdict, rows))


def read_completions(path: Path) -> list[Completion]:
    return [Completion(**row) for row in read_lines(path)]


def read_scorings(path: Path) -> list[Scoring]:
    return [Scoring(**{**row, "messages": _messages(row)}) for row in read_lines(path)]


def read_scores(path: Path) -> list[Score]:
    return [Score(**row) for row in read_lines(path)]


def read_ratings(path: Path) -> list[Rating]:
    return [Rating(**{**row, "messages": _messages(row)}) for row in read_lines(path)]


def read_rated(path: Path) -> list[Rated]:
    return [Rated(row["id"], tuple(row["scores"])) for row in read_lines(path)]


def write_lines(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write JSONL whole or not at all."""
    temporary = path.with_name(path.name + ".part")
    with temporary.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def _messages(row: dict[str, Any]) -> Messages:
    return tuple((role, content) for role, content in row["messages"])
