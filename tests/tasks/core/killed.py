"""Ending a stage in the middle of its work, and counting what it asked of models and rules over all its lives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from configs.errors import StoreError
from tasks.core.answer_folder import read_shard_records
from tasks.core.bench import Workbench
from tasks.core.refs import StepRef


@contextmanager
def dies_after(bench: Workbench, num_shards: int) -> Iterator[None]:
    """A run whose lease is lost after some shards are published: the stage ends there, and its generators with it."""
    left = [num_shards]

    def guard() -> None:
        left[0] -= 1
        if left[0] < 0:
            raise StoreError("the lease is lost")

    bench.ledger.guard = guard
    with pytest.raises(StoreError, match="the lease is lost"):
        yield
    bench.ledger.guard = lambda: None


@dataclass(frozen=True)
class Asked:
    """Answers that were published in one stage of a round.

    Attributes:
        num_shards: over all lives.
        num_answers: with those that were asked again.
        num_different: questions and draws.
    """

    num_shards: int
    num_answers: int
    num_different: int


def asked_by(bench: Workbench, stage: str, round: int = 1) -> Asked:
    prefix = f"{bench.recipe.name}/round-{round:03d}/{stage}/answers/"
    shards = [shard for _, shard in read_shard_records(bench.ledger.store, prefix) if shard is not None]
    listed = [
        (str(shard.who), question, draw)
        for shard in shards
        for question, first, number in shard.answers
        for draw in range(first, first + number)
    ]
    return Asked(len(shards), len(listed), len(set(listed)))


def check_kill(bench: Workbench, stage: str, run: Callable[[], StepRef], lives: Sequence[int] = (1, 2)) -> StepRef:
    """A stage that is killed after some shards in every life but the last asks nothing twice; returns its step."""
    lived = 0
    for num_shards in lives:
        with dies_after(bench, num_shards):
            run()
        lived += num_shards
        assert asked_by(bench, stage).num_shards == lived
    step = run()
    asked = asked_by(bench, stage)
    assert asked.num_shards > lived, "there was something left to ask"
    assert asked.num_answers == asked.num_different
    return step
