"""Phases: rounds that follow a recipe of their own, one phase after the other: warm-up, then preferences.

The recipe of a round is the recipe with its phase's `set` laid over it. Mappings are merged key by key; lists and plain
values are replaced, and so is a part of another `kind`, whose old settings would mean nothing to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, field_validator

from configs.schema.base import Component
from configs.schema.marks import Content

FIXED = ("name", "seed", "services", "rounds", "phases")
"""what an experiment has once"""
BEGUN_WITH = ("model", "problems", "warm_start")
"""what round 0 makes, for the whole experiment"""


class Phase(Component):
    """Some rounds with settings of their own.

    `set` is laid over the recipe: {train: {start_from: previous}}. `train.start_from: phase:NAME` is the model that
    the latest finished phase of that name ended with. By-round lists (rho, min_share, ladder) count the experiment's
    rounds; a carried optimizer (previous_with_optimizer) begins anew in every phase. `data: accumulate` reaches back to
    rounds whose rows are of the same kind.
    """

    name: Annotated[str, Content("model")] = Field(
        pattern="^[a-z][a-z0-9_-]*$", description="what phase:NAME refers to"
    )
    rounds: int = Field(ge=1, description="how many rounds it lasts each time it comes")
    set: dict[str, Any] = Field(
        {}, description="sections of the recipe, with what is different in this phase; null: as if it were not written"
    )

    @field_validator("set")
    @classmethod
    def _may_change(cls, changes: dict[str, Any]) -> dict[str, Any]:
        for section in changes:
            if section in FIXED:
                raise ValueError(f"{section}: it is the whole experiment's: leave it out of the phase")
            if section in BEGUN_WITH:
                raise ValueError(f"{section}: round 0 makes it, before any phase: write it in the recipe itself")
        asked = (changes.get("evaluate") or {}).get("benchmarks") or {}
        if isinstance(asked, Mapping) and asked.get("sets") is not None:
            raise ValueError("evaluate.benchmarks.sets: round 0 reads them: write them in the recipe itself")
        return changes


@dataclass(frozen=True)
class Stay:
    """One phase's turn: where in the list it stands, and its rounds, counted from 1."""

    index: int
    name: str
    first: int
    last: int


def stay_at(phases: Sequence[Phase], round: int) -> Stay | None:
    """The phase that a round lies in; the list begins again at its end. None for the baseline, or without phases."""
    if round < 1 or not phases:
        return None
    length = sum(phase.rounds for phase in phases)
    first = round - (round - 1) % length
    for index, phase in enumerate(phases):
        if round < first + phase.rounds:
            return Stay(index, phase.name, first, first + phase.rounds - 1)
        first += phase.rounds
    raise AssertionError("the rounds of the phases add up")


def lay_over(tree: Any, changes: Any) -> Any:
    """`tree` with changes: mappings are merged, all else is replaced, and so is a part whose `kind` changes."""
    if not (isinstance(tree, Mapping) and isinstance(changes, Mapping)):
        return changes
    if "kind" in changes and changes["kind"] != tree.get("kind"):
        return changes
    return {**tree, **{name: lay_over(tree.get(name), change) for name, change in changes.items()}}
