"""What is told of an optimizer step, added up over its batches and over devices. Used inside the learner."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any

from accelerate.utils import gather_object

from infra.engines.learn.losses import MAXIMA

Sums = dict[str, tuple[float, float]]
"""by name of a number: its sum, or the largest of it, and what that is divided by"""


class StepNumbers:
    """Numbers of the step at hand, on this device until all of them are asked."""

    def __init__(self) -> None:
        self._sums: Sums = {}
        self._tokens = 0

    def add(self, sums: Mapping[str, tuple[Any, Any]], num_tokens: int) -> None:
        """Those of a batch."""
        self._sums = added(self._sums, sums)
        self._tokens += num_tokens

    def of_step(self) -> tuple[dict[str, float], int]:
        """Means and tokens of the step on all devices, each of which has to ask; what comes after is the next step."""
        told = gather_object([(self._sums, self._tokens)])
        self._sums, self._tokens = {}, 0
        together = reduce(added, (sums for sums, _ in told))
        return {name: value / count for name, (value, count) in together.items() if count}, sum(one for _, one in told)


def added(one: Sums, other: Mapping[str, tuple[Any, Any]]) -> Sums:
    """Sums, each with what it is divided by; of maxima the larger one, by 1."""
    found = dict(one)
    for name, (value, count) in other.items():
        before = found.get(name, (0.0, 0.0))
        if name in MAXIMA:
            found[name] = max(before[0], float(value)), 1.0
        else:
            found[name] = before[0] + float(value), before[1] + float(count)
    return found
