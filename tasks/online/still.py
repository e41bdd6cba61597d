"""A live judge that stands still for some waves: the moving copy of the weights answers, which then moves in jumps.

After every k-th wave of the run of segments the copy takes the weights whole (rate 1), and else it stays (rate 0). So
it is carried, and in checkpoints, as a copy that moves slowly is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from infra.engines.learn.learner import Learner
from infra.engines.pool import OnProgress
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
)
from infra.engines.wire import Shard


def still_since(run_wave: int, every: int) -> int:
    """Number, in the run of segments, of the wave whose weights judge."""
    return run_wave - run_wave % every


def rate_of(run_wave: int, every: int) -> float:
    """Of the copy, in the steps of a wave."""
    return 1.0 if (run_wave + 1) % every == 0 else 0.0


class StillPool:
    """The copy of a learner's weights as a model that answers. A `pool.Pool`; nothing else may be asked meanwhile."""

    def __init__(self, learner: Learner) -> None:
        self._learner = learner
        self.num_loads = 0

    def generate(
        self, shards: Iterable[Shard], on_progress: OnProgress | None = None
    ) -> Iterator[tuple[Shard, list[Completion | Missing]]]:
        """See `pool.Pool`."""
        for shard in shards:
            with self._copy() as learner:
                answered = list(learner.generate([shard], on_progress))
            yield from answered

    def score(self, items: Sequence[Scoring], on_progress: OnProgress | None = None) -> list[Score | Missing]:
        """See `pool.Pool`."""
        with self._copy() as learner:
            return learner.score(items, on_progress)

    def read(self, items: Sequence[Reading], on_progress: OnProgress | None = None) -> list[Read | Missing]:
        """See `pool.Pool`."""
        with self._copy() as learner:
            return learner.read(items, on_progress)

    def rate(self, items: Sequence[Rating], on_progress: OnProgress | None = None) -> list[Rated | Missing]:
        """Not a learner's work."""
        return self._learner.rate(items)

    def embed(self, items: Sequence[Embedding], on_progress: OnProgress | None = None) -> list[Embedded | Missing]:
        """Not a learner's work."""
        return self._learner.embed(items)

    def spending(self) -> dict[str, float]:
        return {}

    def close(self) -> None:
        """The learner is another's to close."""

    @contextmanager
    def _copy(self) -> Iterator[Learner]:
        """Meanwhile the learner answers by the copy."""
        self._learner.ask_copy(True)
        yield self._learner
        self._learner.ask_copy(False)
