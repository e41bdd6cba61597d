"""A pool that answers by rule, at once, and remembers what it was asked; and answers of a stage in a folder store."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from configs.schema.marks import as_written
from infra.engines.questions import (
    Completion,
    Embedded,
    Embedding,
    Missing,
    Rated,
    Rating,
    Request,
    Score,
    Scoring,
    draw_seed,
)
from infra.engines.wire import Shard
from tasks.core.answers import Answerer, Answers
from tasks.core.missing import MissingTally
from tasks.core.progress import Silent
from tests.build.benches import make_ledger

Show = Callable[[int, int], None] | None


class Killed(Exception):
    """What ends a stage in the middle, in place of a signal."""


def write_number(request: Request, draw: int) -> str:
    return f"{request.messages[-1][1]}:{request.prefix}:{draw_seed(request.seed, draw) % 1000}"


@dataclass
class ScriptedPool:
    """Texts depend on chat, prefix, seed and number of the draw, as those of an engine do.

    Attributes:
        ahead: shards that are taken before the first is answered; they finish in random order.
        lives: shards that are answered before it is killed.
        write: from a request and the number of a draw to its text.
        refuses: what it has no answer to, with the reason.
    """

    ahead: int = 3
    lives: int | None = None
    write: Callable[[Request, int], str] = write_number
    refuses: Callable[[Any], str | None] = lambda question: None
    draws: list[tuple[str, int]] = field(default_factory=list)
    shards: list[Shard] = field(default_factory=list)
    scorings: list[Scoring | Rating | Embedding] = field(default_factory=list)
    num_loads: int = 1

    def generate(
        self, shards: Iterable[Shard], on_progress: Show = None
    ) -> Iterator[tuple[Shard, list[Completion | Missing]]]:
        waiting, open_shards = iter(shards), list[Shard]()
        order = random.Random(len(self.shards))
        while True:
            while len(open_shards) < self.ahead and (shard := next(waiting, None)) is not None:
                open_shards.append(shard)
                self.shards.append(shard)
            if not open_shards:
                return
            done = open_shards.pop(order.randrange(len(open_shards)))
            self._live()
            rows = [self._complete(request, draw) for request in done.requests for draw in request.draws]
            if on_progress is not None:
                on_progress(len(rows), sum(row.num_tokens for row in rows if isinstance(row, Completion)))
            yield done, rows

    def score(self, items: Sequence[Scoring], on_progress: Show = None) -> list[Score | Missing]:
        self._live()
        self.scorings += items
        return [
            self._missing(item) or Score(item.id, -float(len(item.completion)), len(item.completion)) for item in items
        ]

    def rate(self, items: Sequence[Rating], on_progress: Show = None) -> list[Rated | Missing]:
        self._live()
        self.scorings += items
        return [self._missing(item) or Rated(item.id, (float(len(item.completion)),)) for item in items]

    def embed(self, items: Sequence[Embedding], on_progress: Show = None) -> list[Embedded | Missing]:
        self._live()
        self.scorings += items
        return [self._missing(item) or Embedded(item.id, (float(len(item.text)), 1.0)) for item in items]

    def close(self) -> None:
        """Nothing is open."""

    def _live(self) -> None:
        if self.lives is not None:
            if self.lives == 0:
                raise Killed
            self.lives -= 1

    def _missing(self, question: Any, draw: int = 0) -> Missing | None:
        reason = self.refuses(question)
        return None if reason is None else Missing(question.id, reason, f"not {question.id}", draw)

    def _complete(self, request: Request, draw: int) -> Completion | Missing:
        self.draws.append((request.id, draw))
        if (missing := self._missing(request, draw)) is not None:
            return missing
        text = self.write(request, draw)
        return Completion(request.id, draw, text, "stop", len(text), -1.5, None)


def make_answers(
    folder: Path, shard_size: int = 4, place: str = "e/round-001/generate/answers", limit: float = 1.0
) -> Answers:
    """Answers of a stage, as the run that holds the experiment's lease sees them; each call is another run."""
    runs = len(list(folder.glob("work-*")))
    ledger = make_ledger(folder, f"work-{runs}", lambda: None)
    ledger.work_dir.mkdir(parents=True)
    return Answers(ledger, place, shard_size, Silent(), as_written, MissingTally(limit, "round 1 generate"))


def answerer(pool: ScriptedPool, model: str = "m") -> Answerer:
    return Answerer({"model": model}, lambda: pool)
