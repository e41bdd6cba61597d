"""Limits on a round's metrics, and what happens where one is passed. Names of metrics: docs/metrics.md."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from configs.schema.base import Component
from configs.schema.marks import Later

Reaction = Literal["warn", "stop", "keep_incumbent", "roll_back", "end_segment"]


class Limit(Component):
    """What a metric is not to pass; the limit itself is allowed."""

    metric: str = Field(pattern="^[a-z0-9_]+$", description="its name in docs/metrics.md")
    above: float | None = Field(None, description="the limit is passed above this")
    below: float | None = Field(None, description="the limit is passed below this")

    @model_validator(mode="after")
    def _one_limit(self) -> Limit:
        if (self.above is None) == (self.below is None):
            raise ValueError(f"{self.metric}: write either above or below")
        return self

    def is_passed(self, value: float) -> bool:
        """Whether a value lies beyond the limit."""
        if self.above is not None:
            return value > self.above
        return self.below is not None and value < self.below


class Guard(Limit):
    """What to do where a metric is above or below a limit.

    `warn` says so; `stop` ends the experiment before the round trains; `keep_incumbent` refuses the candidate;
    `roll_back` makes the champion the incumbent again; `end_segment` ends a round's online training, and what was
    trained until then is the candidate. A metric that a round does not have passes no limit.

    With a `window` a guard reads waves of a segment: where its metric was beyond the limit in so many waves in a row,
    the segment ends, and then `stop`, `keep_incumbent` or `roll_back` follows. Without one it reads the round's number.
    """

    action: Reaction = Field("warn", description="what follows, as told above")
    window: int | None = Field(None, ge=1, description="waves of a segment in a row; default: 1 for end_segment, "
                               "and no waves for the others")  # fmt: skip
    meanwhile: Limit | None = Field(
        None, description="another metric's limit: the guard speaks only where both are passed, in the same waves"
    )
    only_self_made: Annotated[bool, Later] = Field(
        False, description="speaks only in segments that are rewarded by the policy's own votes or opinions"
    )

    @model_validator(mode="after")
    def _window_is_of_what_ends(self) -> Guard:
        if self.window is not None and self.action == "warn":
            raise ValueError("window: warn ends no segment, it reads the round's number: leave window out")
        return self

    @property
    def num_waves(self) -> int | None:
        """Waves in a row after which it ends a segment; None for a guard that ends none."""
        return 1 if self.window is None and self.action == "end_segment" else self.window

    @property
    def limits(self) -> tuple[Limit, ...]:
        """All that has to be passed."""
        return (self,) if self.meanwhile is None else (self, self.meanwhile)


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

_YES_SAYER = Limit(metric="verifier_recall_right", above=0.95)
_NO_SAYER = Limit(metric="verifier_recall_right", below=0.05)
ONLINE_GUARDS = (
    Guard(metric="zero_signal_share", above=0.9, action="end_segment", window=5),
    Guard(metric="parse_rate", below=0.5, action="end_segment", window=5),
    Guard(metric="vote_share_rise", above=0.1, action="roll_back", window=5,
          meanwhile=Limit(metric="probe_accuracy_rise", below=-0.02), only_self_made=True),
    Guard(metric="kl_start", above=1.0, action="keep_incumbent"),
    Guard(metric="top_answer_share", above=0.5, action="warn"),
    Guard(metric="entropy_left", below=0.1, action="warn"),
    Guard(metric="sampler_gap_mean", above=0.05, action="warn"),
    Guard(metric="verifier_recall_wrong", below=0.05, action="warn", meanwhile=_YES_SAYER),
    Guard(metric="verifier_recall_wrong", above=0.95, action="warn", meanwhile=_NO_SAYER),
)  # fmt: skip
"""limits beside those where a round is a segment (docs/online.md)"""

WARN = "warn"


def read_guards(value: Any) -> Any:
    """`guards: warn` is the default limits, of which none acts: for recipes of papers, which have no guards."""
    return _told(DEFAULT_GUARDS) if value == WARN else value


def with_online_guards(tree: Any) -> Any:
    """A recipe as it was written, with the limits of segments where one of its rounds is one and it writes none."""
    if not isinstance(tree, dict) or tree.get("guards", WARN) != WARN or not _has_segments(tree):
        return tree
    guards = (*DEFAULT_GUARDS, *ONLINE_GUARDS)
    return {**tree, "guards": _told(guards) if "guards" in tree else guards}


def _told(guards: tuple[Guard, ...]) -> tuple[Guard, ...]:
    return tuple(guard.model_copy(update={"action": WARN, "window": None}) for guard in guards)


def _has_segments(tree: dict[str, Any]) -> bool:
    phases = tree.get("phases") or ()
    sets = (
        [phase.get("set") for phase in phases if isinstance(phase, dict)] if isinstance(phases, (list, tuple)) else []
    )
    return any(isinstance(one, dict) and one.get("online") is not None for one in (tree, *sets))
