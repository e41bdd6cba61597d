"""What filters see and say. Imported by every filter of this folder, and by the pair makers."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tasks.core.joined import Candidate
from tasks.core.step import derive_seed

Group = list[Candidate]
"""candidates of one problem, in order of their index; guided ones last"""

OpenGroups = Callable[[], Iterator[Group]]
"""opens the round's problems anew, in the same order each time; only one problem's texts are held"""


@dataclass(frozen=True, slots=True)
class Draw:
    """What a random choice may depend on: equal draws choose alike, in any process and any year."""

    seed: int
    round: int

    def random(self, what: str, problem_id: str) -> random.Random:
        """Random numbers for one choice in one problem; problems and choices draw apart."""
        return random.Random(derive_seed(self.seed, self.round, what, problem_id))


class Keep(Protocol):
    """Refuses samples of one problem."""

    def __call__(self, group: Sequence[Candidate], config: Any, draw: Draw) -> Sequence[str | None]:
        """For each candidate why it is refused, a `DropReason` or a word of the filter's own, or None where it stays;
        the filters before refused none of them."""


class Learn(Protocol):
    """Reads what has to be known before the first sample can be refused."""

    def __call__(self, groups: Iterable[Sequence[Candidate]], config: Any, draw: Draw) -> Keep:
        """Reads the round once, as the filters before left it, and keeps numbers, never texts."""


class Filter(Protocol):
    """One kind of filter, an entry of `registry.py`."""

    @property
    def version(self) -> int:
        """Part of every step that uses the filter: the next number where its choices change."""

    def prepare(self, groups: Iterable[Sequence[Candidate]], config: Any, draw: Draw) -> Keep:
        """What refuses samples in this round."""


@dataclass(frozen=True, slots=True)
class ProblemFilter:
    """A filter that looks at one problem at a time."""

    keep: Keep
    version: int = 1

    def prepare(self, groups: Iterable[Sequence[Candidate]], config: Any, draw: Draw) -> Keep:
        return self.keep


@dataclass(frozen=True, slots=True)
class RoundFilter:
    """A filter that has to see the whole round first, or to make ready otherwise."""

    learn: Learn
    version: int = 1

    def prepare(self, groups: Iterable[Sequence[Candidate]], config: Any, draw: Draw) -> Keep:
        return self.learn(groups, config, draw)
