"""How rewards become numbers of tokens: `online.credit`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from configs.schema.base import Component
from configs.schema.chains import REVISION, ReadsChains
from configs.schema.revision.sampler import RevisionPart

Baseline = Literal["mean", "leave_one_out", "none", "ema", "running", "first_turn_mean"]
Scale = Literal["none", "std", "std_n", "batch_std", "mean"]
NormaliseBy = Literal["none", "part", "wave"]
GroupKey = Annotated[str, StringConstraints(pattern="^(fork|turn|part|history|wave|tag:.+)$")]
WITHOUT_GROUP: tuple[Baseline, ...] = ("none", "ema", "running")
"""baselines that a group of one has too"""


class Credit(ReadsChains, Component):
    """From rewards of texts to advantages of their tokens. Where a field is not written, the objective says it.

    Baselines: the group's mean; the mean of its others (leave_one_out); the mean of all returns so far with `decay`
    (ema), or with the same group key where at least `min_count` were seen (running), both asked before they learn;
    the mean over the group's episodes of the first text's reward (first_turn_mean). Scales: nothing; the group's
    deviation (std: over n - 1, plus 1e-4; std_n: over n); the wave's (batch_std); the group's mean (MaxRL).
    """

    unit: Literal["episode", "turn"] = Field(
        "episode",
        description="what a return belongs to: the sum of an episode's rewards to all its tokens; or to each text the "
        "rewards from it on",
    )
    turn_discount: float = Field(1.0, ge=0, le=1, description="unit turn: of the reward of each text that comes after")
    group_by: tuple[GroupKey, ...] = Field(
        ("fork",),
        min_length=1,
        description="who is compared: those with the same fork, place among the trained texts (turn), part, truth of "
        "what came before (history), wave, tag:NAME",
    )
    baseline: Baseline | None = Field(None, description="default: the objective's")
    decay: float = Field(0.95, ge=0, lt=1, description="of the baseline ema, which starts at 0")
    min_count: int = Field(10, ge=1, description="of the baseline running; below it the baseline is 0")
    scale: Scale | None = Field(None, description="default: the objective's")
    normalise_by: NormaliseBy | None = Field(
        None, description="whiten the wave's advantages once more, by part or all together; default: the objective's"
    )
    combine: Literal["sum_then_normalise", "normalise_then_sum"] = Field(
        "sum_then_normalise", description="of several terms; normalise_then_sum: each term has advantages of its own"
    )
    train_parts: tuple[RevisionPart, ...] = Field(
        (), description="parts that are trained; default: all of the policy's"
    )
    train_turns: Literal["all", "first", "last"] = Field("all", description="which of them, in an episode")
    change_factor: float = Field(1.0, gt=0, description="of the advantage of an attempt that turns wrong into right or "
                                 "right into wrong, after the baseline (S2R, arXiv 2502.12853: 2)")  # fmt: skip
    confirm_factor: float = Field(1.0, gt=0, description="of the advantage of a verdict on a right attempt (S2R: 2)")

    def chain_needs(self) -> Iterator[tuple[str, str]]:
        yield from (("train_parts", part) for part in self.train_parts)
        if self.change_factor != 1:
            yield "change_factor", REVISION
        if self.confirm_factor != 1:
            yield "confirm_factor", "verdict"


class SettledCredit(Credit):
    """Credit with the objective's values filled in."""

    baseline: Baseline
    scale: Scale
    normalise_by: NormaliseBy
