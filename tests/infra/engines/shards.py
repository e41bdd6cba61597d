"""Shards of sums for tests of generators."""

from __future__ import annotations

from configs.schema.drawing import Sampling
from configs.schema.engine import TransformersEngine
from infra.engines.pool import Pool
from infra.engines.questions import Completion, Missing, Request
from infra.engines.wire import Shard

ENGINE = TransformersEngine(batch_size=16)


def shard(number: int, *, num_requests: int = 5, num_samples: int = 3, **sampling: object) -> Shard:
    requests = tuple(
        Request(f"{number}/{place}", (("user", f"{number}+{'1' * (place + 1)}="),), num_samples, seed=place)
        for place in range(num_requests)
    )
    return Shard(f"shard-{number}", requests, Sampling(**{"max_tokens": 12, "temperature": 1.0, **sampling}))


def answers(pool: Pool, *shards: Shard) -> dict[str, list[Completion | Missing]]:
    return {done.name: completions for done, completions in pool.generate(shards)}
