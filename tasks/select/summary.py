"""Numbers of a select step, counted while its samples and rows stream by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tasks.core.records import DropReason, Example, Pair, spell
from tasks.select.selection import Selected
from tasks.select.weigh import effective_samples

Numbers = dict[str, float | int | None]


class SelectSummary:
    """Counts samples by fate, origin and problem."""

    def __init__(self) -> None:
        self.num_kept_by_problem: Counter[str] = Counter()
        self._num_problems = 0
        self._fates: Counter[str | None] = Counter()
        self._tokens: Counter[bool] = Counter()
        self._kept_by_origin: Counter[str] = Counter()

    def count(self, group: Iterable[Selected]) -> None:
        """Count the samples of one problem."""
        self._num_problems += 1
        for selected in group:
            sample, is_kept = selected.sample, selected.reason is None
            self._fates[selected.reason] += 1
            self._tokens[is_kept] += sample.num_tokens
            self._kept_by_origin[sample.origin] += is_kept
            if is_kept:
                self.num_kept_by_problem[sample.problem_id] += 1

    def numbers(self) -> Numbers:
        """num_samples, num_kept, kept_rate, num_problems, num_problems_with_kept, dropped_REASON for every reason,
        mean_tokens_kept, mean_tokens_dropped, num_kept_ORIGIN for every `Sample.origin` seen. Rates and means
        of nothing are None."""
        total, kept = self._fates.total(), self._fates[None]
        counts: Numbers = {
            "num_samples": total,
            "num_kept": kept,
            "kept_rate": _divide(kept, total),
            "num_problems": self._num_problems,
            "num_problems_with_kept": len(self.num_kept_by_problem),
        }
        reasons = [*DropReason, *sorted({reason for reason in self._fates if reason is not None} - set(DropReason))]
        counts |= {f"dropped_{reason}": self._fates[reason] for reason in reasons}
        counts["mean_tokens_kept"] = _divide(self._tokens[True], kept)
        counts["mean_tokens_dropped"] = _divide(self._tokens[False], total - kept)
        return counts | {f"num_kept_{origin}": number for origin, number in sorted(self._kept_by_origin.items())}


class RowSummary:
    """Counts training rows: examples or pairs."""

    def __init__(self) -> None:
        self.num_rows = 0
        self._num_pairs = self._num_margins = 0
        self._weight = self._squared_weight = self._length_gap = self._margin = 0.0

    def count(self, row: Example | Pair) -> None:
        """Count one row."""
        self.num_rows += 1
        self._weight += row.weight
        self._squared_weight += row.weight**2
        if isinstance(row, Pair):
            self._num_pairs += 1
            self._length_gap += len(spell(row.chosen)) - len(spell(row.rejected))
            if row.margin is not None:
                self._num_margins += 1
                self._margin += row.margin

    def numbers(self, is_pairs: bool) -> Numbers:
        """num_rows, mean_weight, weight_effective_samples; of pairs also num_pairs, pair_length_gap (mean characters
        chosen less rejected) and pair_margin (mean over pairs with one). Means of nothing are None."""
        counts: Numbers = {
            "num_rows": self.num_rows,
            "mean_weight": _divide(self._weight, self.num_rows),
            "weight_effective_samples": effective_samples(self._weight, self._squared_weight),
        }
        if is_pairs:
            counts["num_pairs"] = self._num_pairs
            counts["pair_length_gap"] = _divide(self._length_gap, self._num_pairs)
            counts["pair_margin"] = _divide(self._margin, self._num_margins)
        return counts


def _divide(total: float, count: int) -> float | None:
    return total / count if count else None
