"""Numbers of a judge step, counted while its verdicts and judgements stream by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from configs.schema.judges.kinds import Judge
from tasks.core.records import Judgement, Label, Verdict

_WITH_RESULT = (Label.CORRECT, Label.WRONG, Label.UNSCORED)


class JudgeSummary:
    """Counts verdicts by judge and label.

    Args:
        judge_names: in the recipe's order; the first judge's numbers have no prefix.
        scoring: names of the judges whose mean score is of interest.
    """

    def __init__(self, judge_names: Sequence[str], scoring: Sequence[str] = ()) -> None:
        self._labels_by_judge: dict[str, Counter[str]] = {name: Counter() for name in judge_names}
        self._scores_by_judge: dict[str, list[float]] = {name: [0.0, 0] for name in scoring}
        self._judgements_by_judge: dict[str, Counter[bool]] = {}

    @classmethod
    def of(cls, judges: Sequence[Judge]) -> JudgeSummary:
        """For a recipe's judges: mean scores of all but the judges by rule."""
        return cls([judge.name for judge in judges], [judge.name for judge in judges if not judge.reads_gold])

    def count(self, verdicts: Iterable[Verdict]) -> None:
        """Count verdicts that nobody else reads."""
        for _ in self.watch(verdicts):
            pass

    def watch(self, verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
        """The same verdicts, counted."""
        for verdict in verdicts:
            self._labels_by_judge[verdict.judge][verdict.label] += 1
            if verdict.score is not None and verdict.judge in self._scores_by_judge:
                self._scores_by_judge[verdict.judge][0] += verdict.score
                self._scores_by_judge[verdict.judge][1] += 1
            yield verdict

    def watch_judgements(self, judge: str, rows: Iterable[Judgement]) -> Iterator[Judgement]:
        """The same judgements of one judge, counted."""
        counts = self._judgements_by_judge.setdefault(judge, Counter())
        for row in rows:
            if row.missing is None:
                counts[row.score is not None] += 1
            yield row

    def numbers(self) -> dict[str, int | float | None]:
        """num_samples, num_correct and num_LABEL, parse_rate, verifier_error_rate; for further judges `JUDGE_` before.

        Rates are shares of all samples, truncated ones included; None without samples. parse_rate counts samples
        in which an answer was found and judged, or that got a score. Scoring judges have mean_score (of the samples
        with a score), and judges that ask a model have num_judgements, what it answered, and num_unread_judgements,
        those of them without a readable score.
        """
        merged: dict[str, int | float | None] = {}
        for position, judge in enumerate(self._labels_by_judge):
            prefix = f"{judge}_" if position else ""
            merged |= {prefix + name: number for name, number in self._numbers(judge).items()}
        return merged

    def _numbers(self, judge: str) -> dict[str, int | float | None]:
        numbers = _numbers(self._labels_by_judge[judge])
        if judge in self._scores_by_judge:
            total, count = self._scores_by_judge[judge]
            numbers["mean_score"] = total / count if count else None
        if judge in self._judgements_by_judge:
            counts = self._judgements_by_judge[judge]
            numbers |= {"num_judgements": counts.total(), "num_unread_judgements": counts[False]}
        return numbers


def _numbers(labels: Counter[str]) -> dict[str, int | float | None]:
    total = labels.total()
    counts: dict[str, int | float | None] = {"num_samples": total}
    counts |= {f"num_{label}": labels[label] for label in Label}
    counts["parse_rate"] = sum(labels[label] for label in _WITH_RESULT) / total if total else None
    counts["verifier_error_rate"] = labels[Label.VERIFIER_ERROR] / total if total else None
    return counts
