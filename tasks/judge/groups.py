"""The shards that the work of model judges is cut into, and what a problem asked. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

from tasks.core.records import Problem

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class GroupShard(Generic[Item]):
    """Consecutive groups that are judged together; `number` counts from 0."""

    number: int
    groups: tuple[Item, ...]


def cut_groups(groups: Iterable[Item], shard_size: int) -> Iterator[GroupShard[Item]]:
    """Consecutive groups, `shard_size` at a time."""
    waiting = iter(groups)
    number = 0
    while part := tuple(islice(waiting, shard_size)):
        yield GroupShard(number, part)
        number += 1


def last_user_message(problem: Problem) -> str:
    """What was asked: the problem's last user message."""
    user = [message.content for message in problem.messages if message.role == "user"]
    return user[-1] if user else problem.messages[-1].content
