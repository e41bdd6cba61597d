"""Two models compared problem by problem: what the new one lost, what it gained, and what both said. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tasks.core.records import ItemResult, Problem


class Change(StrEnum):
    """What became of a problem."""

    LOST = "lost"
    """the model before solved it, and this one does not"""
    GAINED = "gained"
    """this one solves it, and the model before did not"""
    WRONG = "wrong"
    """neither solves it, or there is no model before"""
    RIGHT = "right"
    """both solve it, or there is no model before"""


@dataclass(frozen=True)
class ItemChange:
    """One held-out problem, and what two models made of it.

    Attributes:
        problem: the last message of its chat.
        label: of the sample, as of an ItemResult; what begins with `before` is the model's that was to be beaten, and
            empty where there is none.
        is_same_text: both wrote the same.
    """

    change: Change
    suite: str
    problem_id: str
    problem: str
    gold: str
    label: str
    answer: str
    output: str
    before_label: str = ""
    before_answer: str = ""
    before_output: str = ""
    is_same_text: bool = False


def item_changes(
    problems: Mapping[str, Mapping[str, Problem]], now: Iterable[ItemResult], before: Iterable[ItemResult] = ()
) -> list[ItemChange]:
    """Lost problems first, then gained ones, then those that are wrong and those that are right; each in order.

    Args:
        problems: by suite and id.
        now: results of the model; of problems that are not among `problems` nothing is said.
        before: of the model that it was to beat.
    """
    known = {(item.suite, item.problem_id): item for item in before}
    found = [
        _change(problem, item, known.get((item.suite, item.problem_id)))
        for item in now
        if (problem := problems.get(item.suite, {}).get(item.problem_id)) is not None
    ]
    order = list(Change)
    return sorted(found, key=lambda item: order.index(item.change))


def _change(problem: Problem, now: ItemResult, before: ItemResult | None) -> ItemChange:
    told: Any = {} if before is None else {
        "before_label": before.label, "before_answer": before.answer or "", "before_output": before.text,
        "is_same_text": before.text == now.text,
    }  # fmt: skip
    was = now.is_correct if before is None else before.is_correct
    change = {(True, False): Change.LOST, (False, True): Change.GAINED, (False, False): Change.WRONG}
    return ItemChange(
        change.get((was, now.is_correct), Change.RIGHT), now.suite, now.problem_id, problem.messages[-1].content,
        now.gold or "", now.label, now.answer or "", now.text, **told,
    )  # fmt: skip
