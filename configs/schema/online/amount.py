"""A number that may change as an experiment goes on: a weight, a rate. And how a divergence is estimated."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from configs.schema.base import Component


class Schedule(Component):
    """From one value to another over a number of steps or waves of the whole experiment, and the last value after that.

    It is counted over all rounds: neither a kill nor a new round starts it again.
    """

    start: float = Field(description="the value at step, or wave, 0")
    end: float = Field(description="the value from `over` on")
    over: int = Field(ge=1, description="steps, or waves")
    unit: Literal["steps", "waves"] = Field("steps", description="what is counted: optimizer steps, or waves")
    shape: Literal["constant", "linear", "cosine"] = Field(
        "linear", description="of the way; constant: `start` until `over`, then `end`"
    )


Amount = float | Schedule
KlEstimate = Literal["k1", "k2", "k3"]
"""of log-ratios of tokens (http://joschu.net/blog/kl-approx.html)"""


def values_of(amount: Amount) -> tuple[float, ...]:
    """The outermost values that an amount takes; all others lie between them."""
    return (amount.start, amount.end) if isinstance(amount, Schedule) else (amount,)
