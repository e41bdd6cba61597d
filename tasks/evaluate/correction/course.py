"""What became of one held-out problem that a model worked on in turns: its attempts and its own verdicts. Values.

`flows.py` and `budget.py` make numbers of them; `chains.py` reads them from the stored texts.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt.

    Attributes:
        is_right: by the evaluation's verifier; whatever is not correct is wrong.
        answer: equal where two attempts of the problem answer the same; None where none was found.
        has_verdict: whether the model gave a verdict on it.
        said_right: what that verdict says; None where it could not be read, and without one.
        doubt: 1 - the score of the judge that gates revisions; None where it gave none, or nobody was asked.
    """

    is_right: bool
    answer: Hashable | None = None
    text: str = ""
    has_verdict: bool = False
    said_right: bool | None = None
    doubt: float | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """One problem's chain.

    Attributes:
        attempts: first attempt first; at least one. A first attempt that was never answered is wrong, without text.
        num_tokens: generated in the whole chain, texts between attempts included.
        num_tokens_first: of these the first attempt's.
        num_calls: texts that models were asked for.
    """

    problem_id: str
    attempts: tuple[Attempt, ...]
    num_tokens: int = 0
    num_tokens_first: int = 0
    num_calls: int = 0

    def at(self, turn: int) -> Attempt:
        """The attempt that stands after a turn, from 1: a chain that ended earlier stays at its last one."""
        return self.attempts[min(turn, len(self.attempts)) - 1]

    def was_right_by(self, turn: int) -> bool:
        """Whether any attempt up to a turn, from 1, is right."""
        return any(attempt.is_right for attempt in self.attempts[:turn])
