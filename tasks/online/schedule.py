"""What an amount is at a point of the experiment."""

from __future__ import annotations

import math
from dataclasses import dataclass

from configs.schema.online.amount import Amount, Schedule


@dataclass(frozen=True, slots=True)
class Position:
    """Optimizer steps and waves done in the whole experiment so far, over all its rounds."""

    steps: int = 0
    waves: int = 0


def amount_at(amount: Amount, position: Position) -> float:
    """The value there: of a plain number itself.

    linear: start + (end - start) t / over. cosine: end + (start - end) (1 + cos(pi t / over)) / 2. From `over` on, end.
    """
    if not isinstance(amount, Schedule):
        return amount
    done = position.steps if amount.unit == "steps" else position.waves
    if done >= amount.over:
        return amount.end
    share = done / amount.over
    left = {"constant": 1.0, "linear": 1 - share, "cosine": (1 + math.cos(math.pi * share)) / 2}[amount.shape]
    return amount.end + (amount.start - amount.end) * left
