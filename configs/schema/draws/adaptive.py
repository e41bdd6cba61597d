"""Fewer draws of a problem, once enough of them are accepted. What can do with fewer is told in `fewer.py`; rules with
other sections of a recipe stand in `adaptive_rules.py`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import Field

from configs.schema.base import Component
from configs.schema.draws.draw import Draw


class Adaptive(Component):
    """No more draws of a problem once `enough` of them are accepted: drawn and judged in waves, in the order of the
    draws' numbers, never in the order in which they end. So those that are kept are distributed as among all
    `num_samples` draws, and each draw is the one that a recipe without this setting draws.

    Accepted is what the judge that `select` keeps right samples by calls correct: a judge by rule. Refused where
    something looks at all draws of a problem together. Adaptive-Consistency (arXiv 2305.11860) stops votes early;
    Reinforce-Ada (arXiv 2510.04996) gives up, too.
    """

    enough: int = Field(ge=1, description="accepted draws of a problem, after which no further wave of it is drawn")
    wave: int = Field(4, ge=1, description="draws of a problem that are asked for together; then they are judged")
    give_up_after: int | None = Field(
        None,
        ge=1,
        description="a problem without an accepted draw among so many is given up at the end of their wave, which "
        "narrows what is trained on to what is solved more easily; default: none is given up",
    )

    def most_of_given_up(self, num_samples: int) -> int:
        """Draws of a problem that has been given up; all `num_samples` where none is."""
        waves = -(-(self.give_up_after or num_samples) // self.wave)
        return min(waves * self.wave, num_samples)


def problems_of_adaptive(adaptive: Adaptive, draws: Sequence[Draw], num_samples: int) -> Iterator[str]:
    """Why drawing in waves could save nothing, in words; arguments as of `problems_of_draws`."""
    if len(draws) > 1 or draws[0].variants > 1:
        yield "adaptive: draws of several kinds are all wanted: write one draw with one variant, or leave adaptive out"
    most = draws[0].most_of_variant(num_samples)
    if adaptive.enough > most:
        yield f"adaptive.enough: {adaptive.enough} of {most} draws are never accepted: write {most} or less"
    if adaptive.wave >= most:
        yield f"adaptive.wave: {adaptive.wave} are all {most} draws at once, so that none is saved: write fewer"
    if adaptive.give_up_after is not None and adaptive.most_of_given_up(most) >= most:
        yield (f"adaptive.give_up_after: {adaptive.give_up_after} draws in waves of {adaptive.wave} are all {most}: "
               "write fewer, or leave it out")  # fmt: skip
