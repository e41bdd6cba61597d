"""Numbers of a select step, counted while its samples stream by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from tasks.records import DropReason
from tasks.select.select import Selected


class SelectSummary:
    """Counts samples by fate, and kept samples by problem."""

    def __init__(self) -> None:
        self.num_kept_by_problem: Counter[str] = Counter()
        self._problems: set[str] = set()
        self._fates: Counter[DropReason | None] = Counter()
        self._tokens: Counter[bool] = Counter()

    def watch(self, selection: Iterable[Selected]) -> Iterator[Selected]:
        """The same samples, counted."""
        for selected in selection:
            is_kept = selected.reason is None
            self._problems.add(selected.sample.problem_id)
            self._fates[selected.reason] += 1
            self._tokens[is_kept] += selected.sample.num_tokens
            if is_kept:
                self.num_kept_by_problem[selected.sample.problem_id] += 1
            yield selected

    def numbers(self) -> dict[str, int | float | None]:
        """num_samples, num_kept, kept_rate, num_problems, num_problems_with_kept, dropped_REASON for every reason,
        mean_tokens_kept, mean_tokens_dropped. Rates and means of nothing are None."""
        total, kept = self._fates.total(), self._fates[None]
        counts: dict[str, int | float | None] = {
            "num_samples": total,
            "num_kept": kept,
            "kept_rate": _divide(kept, total),
            "num_problems": len(self._problems),
            "num_problems_with_kept": len(self.num_kept_by_problem),
        }
        counts |= {f"dropped_{reason}": self._fates[reason] for reason in DropReason}
        counts["mean_tokens_kept"] = _divide(self._tokens[True], kept)
        counts["mean_tokens_dropped"] = _divide(self._tokens[False], total - kept)
        return counts


def _divide(total: int, count: int) -> float | None:
    return total / count if count else None
