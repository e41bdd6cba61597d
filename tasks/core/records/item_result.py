"""What became of a problem in an evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tasks.core.records.opinion import Label


@dataclass(frozen=True, slots=True)
class ItemResult:
    """One problem's outcome in an evaluation.

    Attributes:
        suite: select | report.
        label: the greedy sample's `Label`.
        num_draws, num_correct: draws for pass@k and how many were correct; 0, 0 where pass@k is off.
        tags: the problem's.
        best_of, majority: expected correctness of best-of-k and maj@k, one for each k of `evaluate.best_of`.
        num_tokens: length of the greedy sample.
    """

    VERSION: ClassVar[int] = 1
    suite: str
    problem_id: str
    label: str
    text: str
    answer: str | None
    gold: str | None
    num_tokens: int
    num_draws: int = 0
    num_correct: int = 0
    tags: tuple[str, ...] = ()
    best_of: tuple[float, ...] = ()
    majority: tuple[float, ...] = ()

    @property
    def is_correct(self) -> bool:
        return self.label == Label.CORRECT
