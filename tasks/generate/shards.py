"""Which problems a round samples, and how they are cut into shards: what a kill can cost, and the unit of resume."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tasks.records import Problem
from tasks.step import derive_seed


@dataclass(frozen=True)
class PlannedShard:
    """Some problems of a round, in order; `seed` depends on the shard alone, not on what ran before it."""

    name: str
    problems: tuple[Problem, ...]
    seed: int


def draw_problems(problems: Sequence[Problem], num_problems: int | None, seed: int) -> list[Problem]:
    """`num_problems` of the problems at random, in their original order; all of them where that is None or more."""
    if num_problems is None or num_problems >= len(problems):
        return list(problems)
    chosen = random.Random(seed).sample(range(len(problems)), num_problems)
    return [problems[index] for index in sorted(chosen)]


def cut_shards(problems: Sequence[Problem], shard_size: int, seed: int) -> Iterator[PlannedShard]:
    """Consecutive problems, `shard_size` at a time."""
    for number, start in enumerate(range(0, len(problems), shard_size)):
        part = tuple(problems[start : start + shard_size])
        yield PlannedShard(f"shard-{number:05d}.parquet", part, derive_seed(seed, "shard", number))
