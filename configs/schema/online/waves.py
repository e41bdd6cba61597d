"""Beside the groups of a wave: curricula, the probe, and a copy of the policy that moves slowly."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from configs.schema.base import Component, by_kind
from configs.schema.online.amount import Amount, values_of


class _Curriculum(Component):
    decay: float = Field(0.5, ge=0, lt=1, description="of the running pass rate: decay old + (1 - decay) new")


class Window(_Curriculum):
    """Problems with a running pass rate from low to high, and those not seen yet."""

    kind: Literal["window"] = "window"
    low: float = Field(0.2, ge=0, le=1, description="lowest pass rate")
    high: float = Field(0.8, ge=0, le=1, description="highest pass rate")

    @model_validator(mode="after")
    def _is_a_window(self) -> Window:
        if self.low > self.high:
            raise ValueError(f"high: {self.high:g} must not be below low {self.low:g}")
        return self


class Pools(_Curriculum):
    """Problems drawn by the pool that the latest pass rate puts them in: easy, middle, hard. Those not seen weigh 1."""

    kind: Literal["pools"] = "pools"
    easy: float = Field(0.2, ge=0, description="weight of easy problems")
    middle: float = Field(1.0, gt=0, description="weight of those between")
    hard: float = Field(0.5, ge=0, description="weight of hard problems")
    easy_from: float = Field(0.75, gt=0, le=1, description="pass rates from here on are easy")
    hard_below: float = Field(0.25, ge=0, lt=1, description="pass rates below this are hard")

    @model_validator(mode="after")
    def _pools_are_apart(self) -> Pools:
        if self.hard_below > self.easy_from:
            raise ValueError(f"hard_below: {self.hard_below:g} must not be above easy_from {self.easy_from:g}")
        return self


class VoteShare(Component):
    """More groups are drawn than a wave has, and those whose most frequent answer has the largest share of votes are
    trained on (SRT, arXiv 2505.21444)."""

    kind: Literal["vote_share"] = "vote_share"
    judge: str | None = Field(None, description="a vote judge of the recipe; default: the first")
    keep: float = Field(0.5, gt=0, le=1, description="share of the groups that are drawn together")


Curriculum = Annotated[Window | Pools | VoteShare, by_kind]


class Moving(Component):
    """A copy of the policy that follows it slowly: copy <- (1 - rate) copy + rate policy after every optimizer step. It
    starts where the run of segments starts, and is carried from segment to segment."""

    rate: Amount = Field(0.05, description="from 0 to 1; it may change with the experiment, wave by wave")

    @model_validator(mode="after")
    def _is_a_share(self) -> Moving:
        if not all(0 <= value <= 1 for value in values_of(self.rate)):
            raise ValueError("rate: a share of the way to the policy: write 0 to 1")
        return self


class Probe(Component):
    """Greedy accuracy on a few problems that are never trained on, while a segment runs: train problems, set aside by
    the recipe's seed."""

    every_steps: int = Field(10, ge=1, description="measured at the first border of waves after so many steps")
    problems: int = Field(100, ge=1, description="how many")
