"""What selection components see and say. Imported by every component of this folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tasks.records import DropReason, Sample, Verdict


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sample with every judge's verdict on it, by judge name, in the recipe's order of judges."""

    sample: Sample
    verdicts: Mapping[str, Verdict]

    def verdict(self, judge: str | None) -> Verdict:
        """That judge's verdict; the first judge's for None."""
        return self.verdicts[judge] if judge is not None else next(iter(self.verdicts.values()))


@dataclass(frozen=True, slots=True)
class Draw:
    """What a random choice may depend on: equal draws choose alike, in any process and any year."""

    seed: int
    round: int


class Component(Protocol):
    """One way to refuse samples."""

    def __call__(self, group: Sequence[Candidate], config: Any, draw: Draw) -> list[DropReason | None]:
        """For each candidate of one problem, why it is refused, or None; earlier components refused none of them."""
