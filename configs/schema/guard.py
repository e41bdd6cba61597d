"""Limits on a round's metrics, and what happens where one is passed. Names of metrics: docs/metrics.md."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from configs.schema.base import Component

Reaction = Literal["warn", "stop", "keep_incumbent", "roll_back", "end_segment"]


class Guard(Component):
    """What to do where a metric is above or below a limit.

    `warn` says so; `stop` ends the experiment before the round trains; `keep_incumbent` refuses the candidate;
    `roll_back` makes the champion the incumbent again; `end_segment` ends a round's online training where the metric
    was beyond the limit in `window` waves in a row, and what was trained until then is the candidate. A metric that a
    round does not have passes no limit.
    """

    metric: str = Field(pattern="^[a-z0-9_]+$", description="its name in docs/metrics.md")
    above: float | None = Field(None, description="the limit is passed above this")
    below: float | None = Field(None, description="the limit is passed below this")
    action: Reaction = Field("warn", description="what follows, as told above")
    window: int = Field(1, ge=1, description="end_segment: waves in a row")

    @model_validator(mode="after")
    def _one_limit(self) -> Guard:
        if (self.above is None) == (self.below is None):
            raise ValueError(f"{self.metric}: write either above or below")
        if self.window > 1 and self.action != "end_segment":
            raise ValueError(f"window: {self.action} reads the round's number, no waves: leave window out")
        return self


MISSING_SHARE = "missing_share"
"""share of the answers that a stage asked for and did not get; the largest of a round's stages"""
MISSING_LIMIT = Guard(metric=MISSING_SHARE, above=0.5, action="stop")
"""holds where a recipe has guards, and none speaks of missing answers; `stop` ends the stage before it is published"""

DEFAULT_GUARDS = (
    Guard(metric="verifier_error_rate", above=0.01, action="warn"),
    Guard(metric="judge_mode_share", above=0.95, action="stop"),
    Guard(metric="judge_parse_rate", below=0.5, action="stop"),
    Guard(metric="judge_parse_rate", below=0.95, action="warn"),
    Guard(metric=MISSING_SHARE, above=0.05, action="warn"),
    MISSING_LIMIT,
    Guard(metric="contamination_share", above=0.05, action="warn"),
    Guard(metric="drift_gold_logprob", below=-1.0, action="keep_incumbent"),
)
"""limits that hold where a recipe writes no `guards`; each is this project's choice"""

WARN = "warn"


def read_guards(value: Any) -> Any:
    """`guards: warn` is the default limits, of which none acts: for recipes of papers, which have no guards."""
    if value != WARN:
        return value
    return tuple(guard.model_copy(update={"action": WARN}) for guard in DEFAULT_GUARDS)
