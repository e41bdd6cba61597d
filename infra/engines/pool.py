"""What stages ask models through, whatever runs them. `tasks/core/pools.py` opens one for a role of the recipe.

To add a way of running models: a file with the methods of `Pool`, its settings in `configs/schema/engine.py`, and an
entry in OPENERS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from infra.cluster.cluster import Cluster
from infra.engines.endpoint.pool import EndpointPool
from infra.engines.local_pool import LocalPool
from infra.engines.models.loadable import ModelSource
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
from infra.engines.wire import OnProgress, Shard


class Pool(Protocol):
    """A model that answers. A pool without a service raises an EngineError that names an engine with it.

    Every question is answered, or has a `Missing` in the place of its answer: what one question does is no error.
    """

    @property
    def num_loads(self) -> int:
        """How often a process of ours loaded the model."""

    def generate(
        self, shards: Iterable[Shard], on_progress: OnProgress | None = None
    ) -> Iterator[tuple[Shard, list[Completion | Missing]]]:
        """Answer shards, in order of completion; each shard's rows lie in order of request and draw.

        Shards are taken from the iterable as they are needed.
        """

    def score(self, items: Sequence[Scoring], on_progress: OnProgress | None = None) -> list[Score | Missing]:
        """Log-probabilities of completions given their chats and prefixes, in order of the items.

        Args:
            items: ids are unique. Completions of one chat are cheapest next to each other.
        """

    def read(self, items: Sequence[Reading], on_progress: OnProgress | None = None) -> list[Read | Missing]:
        """Log-probabilities of given tokens, in order of the items, whose ids are unique."""

    def rate(self, items: Sequence[Rating], on_progress: OnProgress | None = None) -> list[Rated | Missing]:
        """A reward model's opinion of answers, in order of the items, whose ids are unique."""

    def embed(self, items: Sequence[Embedding], on_progress: OnProgress | None = None) -> list[Embedded | Missing]:
        """An encoder's vectors of texts, in order of the items, whose ids are unique."""

    def spending(self) -> dict[str, float]:
        """What was used so far, by names of metrics of the run; pools of a run are summed."""

    def close(self) -> None:
        """End what runs; its devices are free afterwards. A later call starts again."""


Opener = Callable[[Any, ModelSource, Path, Cluster], Pool]
"""(engine, the model, folder for logs, the run's cluster) -> a pool"""


def _open_local(engine: Any, model: ModelSource, work_dir: Path, cluster: Cluster) -> Pool:
    if engine.hosts == "ray":
        return cluster.join().open_pool(engine, model.parcel(), work_dir)
    return LocalPool(engine, model.files(), work_dir)


def _open_endpoint(engine: Any, model: ModelSource, work_dir: Path, cluster: Cluster) -> Pool:
    return EndpointPool(engine)


OPENERS: dict[str, Opener] = {
    "transformers": _open_local,
    "vllm": _open_local,
    "reward": _open_local,
    "embedding": _open_local,
    "endpoint": _open_endpoint,
}
"""by kind of engine"""
