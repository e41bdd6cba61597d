"""Results of benchmarks: tasks of lm-evaluation-harness, and problem sets of one's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class BenchmarkScore:
    """One metric of a task, or of a group of tasks.

    Attributes:
        filter: how answers were read before they were compared; `none` where the task has one way.
        stderr: standard error of the value, as the library gives it; None where it gives none.
        num_items: items that the value is of.
        num_fewshot: examples before each item; None for a group.
        is_part: of a task of a group that was asked for.
    """

    VERSION: ClassVar[int] = 1
    task: str
    metric: str
    filter: str
    value: float
    stderr: float | None
    num_items: int
    num_fewshot: int | None
    is_part: bool


@dataclass(frozen=True, slots=True)
class BenchmarkItem:
    """What became of one item.

    Attributes:
        filter: as of a score; an item has a row for each.
        item: its number in the task's data, from 0.
        prompt: as the model was asked, before the first answer.
        target: what is right, as the task writes it.
        responses: what the model answered, as JSON: texts, or log-probabilities of continuations.
        answer: the same once filtered, as JSON.
        metrics: what each metric finds of this item, as JSON.
        document: the item's row, as JSON.
    """

    VERSION: ClassVar[int] = 1
    task: str
    filter: str
    item: int
    prompt: str
    target: str
    responses: str
    answer: str
    metrics: str
    document: str
