"""What selection components see and say. Imported by every component of this folder."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tasks.core.records import DropReason, Problem, Sample, Verdict
from tasks.core.step import derive_seed


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sample with its problem and every judge's verdict on it, by judge name, in the recipe's order of judges."""

    sample: Sample
    verdicts: Mapping[str, Verdict]
    problem: Problem

    def verdict(self, judge: str | None) -> Verdict:
        """That judge's verdict; the first judge's for None."""
        return self.verdicts[judge] if judge is not None else next(iter(self.verdicts.values()))

    @property
    def is_guided(self) -> bool:
        """Drawn with help: not exchangeable with the problem's other samples."""
        return self.sample.privileged


@dataclass(frozen=True, slots=True)
class Draw:
    """What a random choice may depend on: equal draws choose alike, in any process and any year."""

    seed: int
    round: int

    def random(self, what: str, problem_id: str) -> random.Random:
        """Random numbers for one choice in one problem; problems and choices draw apart."""
        return random.Random(derive_seed(self.seed, self.round, what, problem_id))


Group = list[Candidate]
"""candidates of one problem, in order of their index; guided ones last"""

OpenGroups = Callable[[], Iterator[Group]]
"""opens the round's problems anew, in the same order each time; only one problem's texts are held"""


class Component(Protocol):
    """One way to refuse samples."""

    def __call__(self, group: Sequence[Candidate], config: Any, draw: Draw) -> list[DropReason | None]:
        """For each candidate of one problem, why it is refused, or None; earlier components refused none of them."""


class RoundComponent(Protocol):
    """One way to refuse samples that has to see the whole round first. It keeps numbers, never texts."""

    def __call__(self, groups: Iterable[Sequence[Candidate]], config: Any, draw: Draw) -> Component:
        """Reads the round once, as earlier components left it; returns what then refuses, problem by problem."""
