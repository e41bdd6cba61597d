"""Drawing beside the learner: sessions of an engine whose weights follow it, wave by wave. No torch.

    learner --export--> WORK/live/0004/adapter, probe.json --follow--> sessions --generate--> texts with their tokens

The learner goes on to score, to say what texts are as tokens, and to train: asked for the log-probabilities of several
prompts at once under an adapter, vLLM 0.32 ends on a CPU. What a session that ended had not answered is asked again, by
the weights of the wave (`session.py`).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol, Self

from infra.engines.learn.learner import Learner
from infra.engines.live_weights import Follows, LiveWeights
from infra.engines.local_pool import LocalPool
from infra.engines.models.model_files import ModelFiles
from infra.engines.pool import Pool
from infra.engines.questions import (
    Completion,
    Embedded,
    Embedding,
    Missing,
    Rated,
    Rating,
    Read,
    Reading,
    Score,
    Scoring,
    Tokens,
)
from infra.engines.server_engine import LiveEngine
from infra.engines.wire import OnProgress, Shard


class LivePool(Pool, Protocol):
    """A pool with the weights of a segment's wave, whose completions say their tokens: a `Learner`, or a `Beside`."""

    def follow(self, wave: int) -> None:
        """From now on what is drawn has the weights that the learner has now, before this wave."""

    def encode(self, items: Sequence[Scoring]) -> list[Tokens | Missing]:
        """Token ids of chats and of turns that answer them; see `Learner.encode`."""


class Beside:
    """A `LivePool` in processes of its own. Not for use by several threads.

    Args:
        pool: what draws; its sessions follow the learner.
        work_dir: for the files of the wave at hand.
    """

    def __init__(self, learner: Learner, pool: LocalPool, work_dir: Path) -> None:
        self._learner, self._pool, self._folder = learner, pool, work_dir / "live"
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def num_loads(self) -> int:
        return self._pool.num_loads

    def follow(self, wave: int) -> None:
        """See `LivePool`. Errors of the sessions come with their next answers."""
        weights = LiveWeights(wave, self._folder / f"{wave:04d}")
        self._learner.export(weights.folder)
        self._pool.follow(weights)
        for other in self._folder.iterdir():  # the one before stays, for a session that is still reading it
            if other != weights.folder and int(other.name) < wave - 1:
                shutil.rmtree(other)

    def generate(
        self, shards: Iterable[Shard], on_progress: OnProgress | None = None
    ) -> Iterator[tuple[Shard, list[Completion | Missing]]]:
        """See `pool.Pool`; each shard is shared out to the sessions."""
        for shard in shards:
            parts = split(shard, self._pool.num_sessions)
            found = {part.name: rows for part, rows in self._pool.generate(parts, on_progress)}
            yield shard, [row for part in parts for row in found[part.name]]

    def score(self, items: Sequence[Scoring], on_progress: OnProgress | None = None) -> list[Score | Missing]:
        """The learner's."""
        return self._learner.score(items, on_progress)

    def encode(self, items: Sequence[Scoring]) -> list[Tokens | Missing]:
        """The learner's."""
        return self._learner.encode(items)

    def read(self, items: Sequence[Reading], on_progress: OnProgress | None = None) -> list[Read | Missing]:
        """The learner's."""
        return self._learner.read(items, on_progress)

    def rate(self, items: Sequence[Rating], on_progress: OnProgress | None = None) -> list[Rated | Missing]:
        return self._pool.rate(items, on_progress)

    def embed(self, items: Sequence[Embedding], on_progress: OnProgress | None = None) -> list[Embedded | Missing]:
        return self._pool.embed(items, on_progress)

    def spending(self) -> dict[str, float]:
        return self._pool.spending()

    def close(self) -> None:
        self._pool.close()


def pool_beside(engine: LiveEngine, start: ModelFiles, rank: int, work_dir: Path) -> LocalPool:
    """Sessions of this machine that follow a learner.

    Args:
        engine: what draws, on which devices.
        start: the model that the segment starts from.
        rank: of the adapter that is trained; 0: all weights are.
        work_dir: logs.
    """
    below = replace(start, adapter=None, probe=None) if rank else start
    return LocalPool(engine, below, work_dir, follows=Follows(rank))


def split(shard: Shard, num_parts: int) -> list[Shard]:
    """A shard's requests, in order, as so many shards of about equal size, or fewer."""
    size = -(-len(shard.requests) // num_parts)
    starts = range(0, len(shard.requests), size)
    return [
        replace(shard, name=f"{shard.name}.{start}", requests=shard.requests[start : start + size]) for start in starts
    ]
