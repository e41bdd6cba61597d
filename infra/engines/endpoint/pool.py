"""A model behind an OpenAI-compatible server. A `pool.Pool`.

For judges, critics and teachers: a server gives no weights and no log-probabilities, so it is never what is trained.
Draws are not promised to repeat: few servers keep the seed that is sent, and some refuse it, which is learnt. Where it
is sent each draw is a request of its own, and its prompt is billed again.
"""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Callable, Iterable, Iterator, Sequence

from configs.errors import EngineError
from configs.schema.engine import EndpointEngine
from infra.engines.endpoint.loop import EndpointLoop
from infra.engines.endpoint.usage import Usage
from infra.engines.questions import (
    Completion,
    Embedded,
    Embedding,
    Missing,
    Rated,
    Rating,
    Read,
    Reading,
    Request,
    Score,
    Scoring,
)
from infra.engines.schedule import AHEAD_JOBS, AHEAD_WIDTHS
from infra.engines.wire import OnProgress, Shard

LOCAL = "write engine: {{kind: {kind}}} with a model of your own for this role"

Rows = list[Completion | Missing]
Event = Rows | tuple[str, Rows] | BaseException
"""rows of one request; a finished shard's name and all its rows; or what went wrong"""


class EndpointPool:
    """Requests of all shards under way share the server. Not for use by several threads.

    Attributes:
        usage: what was asked and what it cost so far, over the life of the pool.

    Raises, from `generate`: EngineError where the server answers nobody, which names a request, the status and how the
    answer begins, after `max_retries`; requests under way are then cancelled, and a later call starts again.
    """

    def __init__(self, engine: EndpointEngine, on_log: Callable[[str], None] | None = None) -> None:
        self.engine = engine
        self.usage = Usage(engine)
        self._log = on_log or (lambda line: None)
        self._loop: EndpointLoop | None = None

    def __enter__(self) -> EndpointPool:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def num_loads(self) -> int:
        return 0

    def spending(self) -> dict[str, float]:
        return self.usage.metrics()

    def generate(self, shards: Iterable[Shard], on_progress: OnProgress | None = None) -> Iterator[tuple[Shard, Rows]]:
        """As `Pool.generate`. Completions have no log-probability, and where a server wrote several at once, their
        numbers of tokens are shares of an exact sum."""
        waiting = iter(shards)
        under_way: dict[str, Shard] = {}
        events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        num_samples = num_tokens = 0
        try:
            while self._feed(waiting, under_way, events):
                event = events.get()
                if isinstance(event, BaseException):
                    raise event
                if isinstance(event, tuple):
                    name, completions = event
                    yield under_way.pop(name), completions
                    continue
                num_samples += len(event)
                num_tokens += sum(row.num_tokens for row in event if isinstance(row, Completion))
                if on_progress is not None:
                    on_progress(num_samples, num_tokens)
        finally:
            if under_way:  # an error, or the caller wants no more: nothing may go on costing money
                self.close()

    def score(self, items: Sequence[Scoring], on_progress: OnProgress | None = None) -> list[Score | Missing]:
        """Always an EngineError: a server gives no log-probabilities of given texts."""
        raise EngineError(
            f"endpoint {self.engine.url} gives no log-probabilities of given texts", LOCAL.format(kind="transformers")
        )

    def read(self, items: Sequence[Reading], on_progress: OnProgress | None = None) -> list[Read | Missing]:
        """Always an EngineError: a server takes no tokens."""
        raise EngineError(f"endpoint {self.engine.url} reads no tokens", LOCAL.format(kind="transformers"))

    def rate(self, items: Sequence[Rating], on_progress: OnProgress | None = None) -> list[Rated | Missing]:
        """Always an EngineError: chat completions carry no rewards."""
        raise EngineError(f"endpoint {self.engine.url} is no reward model", LOCAL.format(kind="reward"))

    def embed(self, items: Sequence[Embedding], on_progress: OnProgress | None = None) -> list[Embedded | Missing]:
        """Always an EngineError: chat completions carry no vectors."""
        raise EngineError(f"endpoint {self.engine.url} gives no vectors of texts", LOCAL.format(kind="embedding"))

    def close(self) -> None:
        """Cancel what is under way and end the connections; a later call opens them again."""
        loop, self._loop = self._loop, None
        if loop is not None:
            loop.close()

    def _feed(self, waiting: Iterator[Shard], under_way: dict[str, Shard], events: queue.SimpleQueue[Event]) -> bool:
        """Keep the server busy over the borders of shards; False when all is done."""
        enough = AHEAD_WIDTHS * self.engine.max_concurrent
        while len(under_way) < AHEAD_JOBS or sum(shard.num_samples for shard in under_way.values()) < enough:
            shard = next(waiting, None)
            if shard is None:
                return bool(under_way)
            if shard.name in under_way:
                raise ValueError(f"a shard called '{shard.name}' is under way")
            for request in shard.requests:
                self._refuse_prefix(request)
            under_way[shard.name] = shard
            loop = self._open()
            loop.start(_answer(loop, shard, events))
        return True

    def _open(self) -> EndpointLoop:
        if self._loop is None:
            self._log(f"endpoint: {self.engine.model} at {self.engine.url}")
            try:
                self._loop = EndpointLoop(self.engine, self.usage)
            except ModuleNotFoundError as error:
                raise EngineError(f"an endpoint needs the Python package {error.name}", "pip install openai") from error
        return self._loop

    def _refuse_prefix(self, request: Request) -> None:
        if request.prefix:
            raise EngineError(
                f"endpoint {self.engine.url}: request '{request.id}' begins the model's turn, and this server cannot "
                "continue a given text",
                LOCAL.format(kind="transformers"),
            )


async def _answer(loop: EndpointLoop, shard: Shard, events: queue.SimpleQueue[Event]) -> None:
    """Answer one shard; its end, or the first error, becomes an event."""

    async def complete(request: Request) -> Rows:
        completions = await loop.client.complete(request, shard.sampling)
        events.put(completions)
        return completions

    try:
        parts = await asyncio.gather(*map(complete, shard.requests))
    except BaseException as error:
        events.put(error)
        raise
    events.put((shard.name, [completion for part in parts for completion in part]))
