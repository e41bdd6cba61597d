"""A problem with its samples: what model judges work on, and the shards that their work is cut into. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Generic, TypeVar

from configs.errors import ProblemsError
from tasks.core.records import Problem, Sample

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Group:
    """A problem with all of its samples, in their order."""

    problem: Problem
    samples: tuple[Sample, ...]

    @property
    def whole_samples(self) -> tuple[Sample, ...]:
        """The samples that are not truncated: those that are judged."""
        return tuple(sample for sample in self.samples if not sample.is_truncated)


@dataclass(frozen=True, slots=True)
class GroupShard(Generic[Item]):
    """Consecutive groups that are judged together; `number` counts from 0."""

    number: int
    groups: tuple[Item, ...]


def group_samples(samples: Iterable[Sample], problems: Mapping[str, Problem]) -> Iterator[Group]:
    """Groups in the order of the samples; one group in memory.

    Raises:
        ProblemsError: a sample's problem is not among the problems.
    """
    for _, members in groupby(samples, key=lambda sample: sample.problem_id):
        group = tuple(members)
        yield Group(find_problem(group[0], problems), group)


def cut_groups(groups: Iterable[Item], shard_size: int) -> Iterator[GroupShard[Item]]:
    """Consecutive groups, `shard_size` at a time."""
    waiting = iter(groups)
    number = 0
    while part := tuple(islice(waiting, shard_size)):
        yield GroupShard(number, part)
        number += 1


def find_problem(sample: Sample, problems: Mapping[str, Problem]) -> Problem:
    """The problem of a sample.

    Raises:
        ProblemsError: it is not among the problems.
    """
    problem = problems.get(sample.problem_id)
    if problem is None:
        raise ProblemsError(
            f"sample {sample.id} belongs to problem {sample.problem_id}, which is not among the problems",
            "give the problems that the samples were drawn from",
        )
    return problem


def last_user_message(problem: Problem) -> str:
    """What was asked: the problem's last user message."""
    user = [message.content for message in problem.messages if message.role == "user"]
    return user[-1] if user else problem.messages[-1].content
