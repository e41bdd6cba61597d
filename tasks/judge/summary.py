"""Numbers of a judge step, counted while its verdicts stream by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from tasks.records import Label, Verdict

_WITH_RESULT = (Label.CORRECT, Label.WRONG, Label.UNSCORED)


class JudgeSummary:
    """Counts verdicts by judge and label.

    Args:
        judge_names: in the recipe's order; the first judge's numbers have no prefix.
    """

    def __init__(self, judge_names: Sequence[str]) -> None:
        self._labels_by_judge: dict[str, Counter[str]] = {name: Counter() for name in judge_names}

    def watch(self, verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
        """The same verdicts, counted."""
        for verdict in verdicts:
            self._labels_by_judge[verdict.judge][verdict.label] += 1
            yield verdict

    def numbers(self) -> dict[str, int | float | None]:
        """num_samples, num_correct and num_LABEL, parse_rate, verifier_error_rate; for further judges `JUDGE_` before.

        Rates are shares of all samples, truncated ones included; None without samples. parse_rate counts samples
        in which an answer was found and judged, or that got a score.
        """
        merged: dict[str, int | float | None] = {}
        for position, (judge, labels) in enumerate(self._labels_by_judge.items()):
            prefix = f"{judge}_" if position else ""
            merged |= {prefix + name: number for name, number in _numbers(labels).items()}
        return merged


def _numbers(labels: Counter[str]) -> dict[str, int | float | None]:
    total = labels.total()
    counts: dict[str, int | float | None] = {"num_samples": total}
    counts |= {f"num_{label}": labels[label] for label in Label}
    counts["parse_rate"] = sum(labels[label] for label in _WITH_RESULT) / total if total else None
    counts["verifier_error_rate"] = labels[Label.VERIFIER_ERROR] / total if total else None
    return counts
