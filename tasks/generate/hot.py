"""More draws of every problem at a higher temperature (ScPO, arXiv 2411.04109, draws them to obtain losers). Pure."""

from __future__ import annotations

from dataclasses import replace
from heapq import merge
from itertools import groupby

from tasks.core.records import Sample
from tasks.generate.shards import PlannedShard

PREFIX = "hot-"
DRAW = "hot"
"""`Sample.draw` of these"""


def hot_twin(shard: PlannedShard) -> PlannedShard:
    """The same problems under a name of their own."""
    return replace(shard, name=PREFIX + shard.name)


def join_hot(plain: list[Sample], hot: list[Sample], num_samples: int) -> list[Sample]:
    """Both shards as one: problem by problem, the hot samples after the others, numbered on."""
    renamed = [
        replace(row, id=f"{row.problem_id}/{num_samples + row.index}", index=num_samples + row.index, draw=DRAW)
        for row in hot
    ]
    order = {problem_id: place for place, (problem_id, _) in enumerate(groupby(plain, lambda row: row.problem_id))}
    return list(merge(plain, renamed, key=lambda row: (order[row.problem_id], row.index)))
