"""What a reward term is: a function from a group to values of texts. One file a kind in this folder, by its name."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from configs.schema.judges.kinds import Judge
from tasks.online.rollout import Group, Rollout

ByTurn = Mapping[int, float | None]
"""Of one episode: value by place of the text. None: it is missing. No entry: the term says nothing of that text."""


@dataclass(frozen=True)
class Seen:
    """What a term may look at beside the group.

    Attributes:
        judges: of the recipe, by name, in its order.
        values: of the terms before, by name, in the recipe's order: one mapping an episode of the group.
        control: the same of the control group's episodes.
    """

    judges: Mapping[str, Judge]
    values: Mapping[str, Sequence[ByTurn]] = field(default_factory=dict)
    control: Mapping[str, Sequence[ByTurn]] = field(default_factory=dict)

    def judge(self, name: str | None) -> Judge:
        """The judge of that name; the first where no name is given."""
        return self.judges[name] if name else next(iter(self.judges.values()))

    def term(self, name: str | None) -> str:
        """Name of the term; that of the first where none is given."""
        return name or next(iter(self.values))


Values = Callable[[Any, Group, Seen], list[ByTurn]]
"""Settings of the term, the group, and what is seen already -> values of each episode of the group"""


def finite(value: float | None) -> float | None:
    """The value; None where it is missing or no number."""
    return value if value is not None and math.isfinite(value) else None


def last_attempt(rollout: Rollout, value: float | None) -> ByTurn:
    """A value of the episode's last attempt; of an episode without attempts there is none."""
    return {rollout.attempts[-1]: value} if rollout.attempts else {}
