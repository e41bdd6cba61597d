"""Which samples pass the filters of `recipe.select`, and why the others do not, one problem at a time.

Called by `rows/tables.py`, which makes training rows of what passes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from configs.schema.select import Select
from tasks.core.joined import Candidate
from tasks.core.records import Drop, Sample
from tasks.select.filters.filter import Draw, Group, Keep, OpenGroups
from tasks.select.filters.registry import FILTERS


@dataclass(frozen=True, slots=True)
class Selected:
    """One sample and its fate: kept where `reason` is None."""

    candidate: Candidate
    reason: str | None = None

    @property
    def sample(self) -> Sample:
        return self.candidate.sample

    def refused(self, reason: str | None) -> Selected:
        """The same sample with a later refusal; a sample that was refused keeps its first reason."""
        return replace(self, reason=self.reason or reason)

    def to_drop(self) -> Drop:
        """The record of a sample that was not kept. ValueError for one that was."""
        if self.reason is None:
            raise ValueError(f"sample {self.sample.id} was kept")
        return Drop(self.sample.id, self.sample.problem_id, str(self.reason))


class Selection:
    """The filters of one round, prepared: those that look at the whole round have read it.

    Holds the samples of one problem at a time, and numbers of the whole round where a filter needs them.

    Args:
        groups: opens the round's problems; read once for each filter that looks at the whole round.
        filters: they act in this order, each on what the ones before left.

    Raises:
        UserError: whatever opening or reading the groups raises.
    """

    def __init__(self, groups: OpenGroups, filters: Sequence[Select], draw: Draw) -> None:
        self._groups, self._draw = groups, draw
        self._steps: list[tuple[Keep, Any]] = []
        for config in filters:
            self._steps.append((FILTERS[config.kind].prepare(self.kept(), config, draw), config))

    def __iter__(self) -> Iterator[list[Selected]]:
        """Every sample once, in order, problem by problem, kept or with the reason of the first refusal."""
        steps = tuple(self._steps)
        return (self._select(group, steps) for group in self._groups())

    def kept(self) -> Iterator[Group]:
        """What is left of each problem: nothing, for some."""
        return (kept_of(group) for group in self)

    def _select(self, group: Group, steps: Sequence[tuple[Keep, Any]]) -> list[Selected]:
        reasons: list[str | None] = [None] * len(group)
        for keep, config in steps:
            left = [place for place, reason in enumerate(reasons) if reason is None]
            refusals = keep([group[place] for place in left], config, self._draw)
            for place, refusal in zip(left, refusals, strict=True):
                reasons[place] = refusal
        return [Selected(candidate, reason) for candidate, reason in zip(group, reasons, strict=True)]


def kept_of(group: Sequence[Selected]) -> Group:
    """The candidates that no filter refused."""
    return [selected.candidate for selected in group if selected.reason is None]
