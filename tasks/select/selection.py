"""Which samples pass the filters of `recipe.select`, and why the others do not, one problem at a time.

Called by `write.py`, which makes training rows of what passes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from configs.schema.generate import Guide
from configs.schema.select import Select
from tasks.core.records import Drop, DropReason, Sample
from tasks.select.filters import hint_shows
from tasks.select.filters.filter import Candidate, Component, Draw, Group, OpenGroups
from tasks.select.filters.registry import COMPONENTS, ROUND_COMPONENTS


@dataclass(frozen=True, slots=True)
class Selected:
    """One sample and its fate: kept where `reason` is None."""

    candidate: Candidate
    reason: DropReason | None = None

    @property
    def sample(self) -> Sample:
        return self.candidate.sample

    def refused(self, reason: DropReason | None) -> Selected:
        """The same sample with a later refusal; a sample that was refused keeps its first reason."""
        return replace(self, reason=self.reason or reason)

    def to_drop(self) -> Drop:
        """The record of a sample that was not kept. ValueError for one that was."""
        if self.reason is None:
            raise ValueError(f"sample {self.sample.id} was kept")
        return Drop(self.sample.id, self.sample.problem_id, str(self.reason))


class Selection:
    """The filters of one round, prepared: components that look at the whole round have read it.

    Holds the samples of one problem at a time, and numbers of the whole round where a component needs them.

    Args:
        groups: opens the round's problems; read once for each component that looks at the whole round.
        components: they act in this order, each on what the ones before left.
        guide: how guided samples were drawn; those that show their hint are refused before all components.

    Raises:
        UserError: whatever opening or reading the groups raises.
    """

    def __init__(
        self, groups: OpenGroups, components: Sequence[Select], draw: Draw, guide: Guide | None = None
    ) -> None:
        self._groups, self._draw = groups, draw
        self._steps: list[tuple[Component, Any]] = [(hint_shows.keep, guide)] if guide else []
        for config in components:
            learn = ROUND_COMPONENTS.get(config.kind)
            self._steps.append((learn(self.kept(), config, draw) if learn else COMPONENTS[config.kind], config))

    def __iter__(self) -> Iterator[list[Selected]]:
        """Every sample once, in order, problem by problem, kept or with the reason of the first refusal."""
        steps = tuple(self._steps)
        return (self._select(group, steps) for group in self._groups())

    def kept(self) -> Iterator[Group]:
        """What is left of each problem: nothing, for some."""
        return (kept_of(group) for group in self)

    def _select(self, group: Group, steps: Sequence[tuple[Component, Any]]) -> list[Selected]:
        reasons: list[DropReason | None] = [None] * len(group)
        for component, config in steps:
            left = [place for place, reason in enumerate(reasons) if reason is None]
            refusals = component([group[place] for place in left], config, self._draw)
            for place, refusal in zip(left, refusals, strict=True):
                reasons[place] = refusal
        return [Selected(candidate, reason) for candidate, reason in zip(group, reasons, strict=True)]


def kept_of(group: Sequence[Selected]) -> Group:
    """The candidates that no component refused."""
    return [selected.candidate for selected in group if selected.reason is None]
