"""How far a run of segments has come in a few numbers: what they were at first, and last. Carried between segments.

Guards read the differences: agreement that rises while the probe falls is a collapse (SRT, arXiv 2505.21444).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

WATCHED = ("vote_share", "probe_accuracy")
"""numbers of a wave whose rise since the first wave that had them is a number too"""


@dataclass(frozen=True, slots=True)
class Course:
    """By name of a number, its first and its latest value."""

    first: Mapping[str, float] = field(default_factory=dict)
    latest: Mapping[str, float] = field(default_factory=dict)

    def after(self, numbers: Mapping[str, float | None]) -> Course:
        """With what was measured once more."""
        there = {name: value for name, value in numbers.items() if value is not None}
        return Course({**there, **self.first}, {**self.latest, **there})

    def begun(self, name: str, value: float | None) -> Course:
        """With the first value of a number that waves do not have, where none is known yet."""
        return self if value is None else Course({name: value, **self.first}, self.latest)

    def rises(self) -> dict[str, float]:
        """NAME_rise: latest minus first. Of the probe, which few waves measure, every wave has the latest."""
        return {f"{name}_rise": self.latest[name] - self.first[name] for name in WATCHED if name in self.first}


def watched(numbers: Mapping[str, float | None]) -> dict[str, float | None]:
    """Those of a wave's numbers that a course is made of."""
    return {name: numbers.get(name) for name in WATCHED}
