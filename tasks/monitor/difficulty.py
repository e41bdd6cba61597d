"""Is the tail narrowing? Which problems, by difficulty, the kept samples belong to.

Difficulty is the pass rate of a fixed reference: the model that wrote round 1's samples, on round 1's own independent
draws. What falls into its bins is all that may be trained on, samples that were drawn with help included. Bins as in
GSI (arXiv 2411.00750): 0, (0, .25], (.25, .5], (.5, .75], (.75, 1].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from tasks.core.step import Summary
from tasks.monitor.formulas import divide, effective_bins, shares, total_variation
from tasks.monitor.group import RoundGroup
from tasks.monitor.histograms import Histogram
from tasks.monitor.means import known

BINS = ((0.0, "0"), (0.25, "25"), (0.5, "50"), (0.75, "75"), (1.0, "100"))
"""highest pass rate of each bin, hardest first, and its name: the same in per cent"""


@dataclass(frozen=True, slots=True)
class PassRate:
    """How often a problem was solved by independent draws: one row of `pass_rates.parquet`. Of a problem that stopped
    the draws that count are those before the last one that it needed (`group.py`)."""

    VERSION: ClassVar[int] = 1
    problem_id: str
    num_draws: int
    num_correct: int

    @property
    def rate(self) -> float:
        return self.num_correct / self.num_draws


def bin_of(rate: float) -> int:
    """Index of the bin of a pass rate in [0, 1]."""
    return next(index for index, (highest, _) in enumerate(BINS) if rate <= highest)


def hardest(counts: Sequence[float]) -> int | None:
    """Index of the hardest bin that holds anything; None where all are empty."""
    return next((index for index, count in enumerate(counts) if count), None)


class Difficulty:
    """Counts kept samples by the difficulty of their problems.

    Args:
        reference: round 1's pass rates by problem; None in round 1, whose own are the reference.
        first_shares: round 1's shares of kept samples, one a bin; None in round 1, or where it had none.
    """

    def __init__(
        self, reference: Mapping[str, float] | None = None, first_shares: Sequence[float] | None = None
    ) -> None:
        self._reference, self._first_shares = reference, first_shares
        self._kept, self._drawn = [0] * len(BINS), [0] * len(BINS)
        self._num_known = self._num_unsolved = self._num_binned = self._num_empty = 0

    def add(self, group: RoundGroup) -> PassRate | None:
        """Count one problem; returns its pass rate in this round, or None where gold is not known."""
        drawn = group.independent()
        own = None
        if drawn.correct is not None and drawn.samples:
            own = PassRate(group.problem.id, len(drawn.correct), sum(drawn.correct))
            self._num_known += 1
            self._num_unsolved += not group.is_solved
        rate = (own.rate if own else None) if self._reference is None else self._reference.get(group.problem.id)
        if rate is not None:
            place = bin_of(rate)
            self._num_binned += 1
            self._num_empty += not any(group.kept)
            self._kept[place] += sum(group.kept)
            self._drawn[place] += len(group.samples)
        return own

    def numbers(self) -> Summary:
        """share_never_solved; tail_bin_0 to tail_bin_100, tail_effective_bins, tail_hard_share,
        tail_share_without_kept; from round 2 on tail_tv_to_first and tail_hard_ratio."""
        numbers: Summary = {
            "share_never_solved": divide(self._num_unsolved, self._num_known),
            "tail_share_without_kept": divide(self._num_empty, self._num_binned),
        }
        if any(self._kept):
            numbers |= self._tail(shares(self._kept))
        return known(numbers)

    def _tail(self, now: Sequence[float]) -> Summary:
        first = self._first_shares if self._first_shares is not None else now
        hard = hardest(first)
        assert hard is not None, "shares of something kept add up to 1"
        numbers: Summary = {f"tail_bin_{name}": share for (_, name), share in zip(BINS, now, strict=True)}
        numbers |= {"tail_effective_bins": effective_bins(now), "tail_hard_share": now[hard]}
        if self._first_shares is not None:
            numbers |= {"tail_tv_to_first": total_variation(now, first), "tail_hard_ratio": now[hard] / first[hard]}
        return numbers

    def histogram(self) -> Histogram | None:
        """Shares of all samples and of the kept ones by difficulty; None where no pass rate is known."""
        if not any(self._drawn):
            return None
        edges = ["0", *(f"to {name} %" for _, name in BINS[1:])]
        series = {"all samples": tuple(shares(self._drawn)), "kept": tuple(shares(self._kept))}
        return Histogram(title="samples by pass rate of their problem in round 1", classes=tuple(edges), series=series)


def first_shares(summary: Mapping[str, object]) -> list[float] | None:
    """Round 1's shares of kept samples from its monitor's summary; None where it had none."""
    values = [summary.get(f"tail_bin_{name}") for _, name in BINS]
    found = [value for value in values if isinstance(value, (int, float))]
    return found if len(found) == len(BINS) else None
