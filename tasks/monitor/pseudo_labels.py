"""How far majority answers can be trusted as labels: their precision, by the share of votes they won.

ScPO (arXiv 2411.04109) and LMSI (arXiv 2210.11610) train on such labels. A problem whose vote has no single winner has
no label and is not counted.
"""

from __future__ import annotations

from collections.abc import Sequence

from tasks.core.records import Label, Verdict
from tasks.core.step import Summary
from tasks.monitor.formulas import bin_place, brier_score, divide, expected_calibration_error
from tasks.monitor.group import RoundGroup
from tasks.monitor.histograms import Histogram
from tasks.monitor.means import known

NUM_BINS = 10
QUARTERS = (25, 50, 75, 100)


class PseudoLabels:
    """Collects (vote share, is right) of each problem's majority answer."""

    def __init__(self) -> None:
        self._shares: list[float] = []
        self._right: list[bool] = []

    def add(self, group: RoundGroup, verdicts: Sequence[Verdict]) -> None:
        """Count one problem.

        Args:
            verdicts: of the vote judge: it calls the majority's samples correct.
        """
        if group.correct is None:
            return
        for verdict, right in zip(verdicts, group.correct, strict=True):
            if verdict.label == Label.CORRECT and verdict.score is not None:
                self._shares.append(verdict.score)
                self._right.append(right)
                return

    def numbers(self) -> Summary:
        """pseudo_label_precision, pseudo_label_precision_25 to _100 (by vote share, the name is the highest of the
        quarter in per cent), pseudo_label_ece, pseudo_label_brier."""
        numbers: Summary = {"pseudo_label_precision": divide(sum(self._right), len(self._right))}
        for quarter, right in zip(QUARTERS, self._by_bin(len(QUARTERS)), strict=True):
            numbers[f"pseudo_label_precision_{quarter}"] = divide(sum(right), len(right))
        numbers["pseudo_label_ece"] = expected_calibration_error(self._shares, self._right, NUM_BINS)
        numbers["pseudo_label_brier"] = brier_score(self._shares, self._right)
        return known(numbers)

    def histogram(self) -> Histogram | None:
        """Precision and share of problems by vote share; None without a label."""
        if not self._right:
            return None
        bins = self._by_bin(NUM_BINS)
        names = tuple(f"to {100 * (place + 1) // NUM_BINS} %" for place in range(NUM_BINS))
        precision = tuple(divide(sum(right), len(right)) for right in bins)
        problems = tuple(len(right) / len(self._right) for right in bins)
        title = "majority answers by their share of votes"
        return Histogram(title=title, classes=names, series={"precision": precision, "share of problems": problems})

    def _by_bin(self, num_bins: int) -> list[list[bool]]:
        bins: list[list[bool]] = [[] for _ in range(num_bins)]
        for share, right in zip(self._shares, self._right, strict=True):
            bins[bin_place(share, num_bins)].append(right)
        return bins
