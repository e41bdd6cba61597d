"""Is a judge right? Its yes and no, and its order of two samples, against gold; and does it prefer its own writing?"""

from __future__ import annotations

from collections.abc import Sequence

from tasks.core.step import Summary
from tasks.monitor.formulas import Confusion, divide
from tasks.monitor.group import RoundGroup
from tasks.monitor.means import known

HARD_RATE = 0.25
"""problems solved at most this often are hard: precision there is what fails first"""
NEUTRAL = 0.5
"""how often a judge without a preference puts its own of two equally good texts first"""


class GoldAgreement:
    """Collects how one judge agrees with gold."""

    def __init__(self) -> None:
        self._all, self._hard = Confusion(), Confusion()
        self._won = 0.0
        self._num_pairs = 0

    def add(self, group: RoundGroup, scores: Sequence[float | None], yes: Sequence[bool | None]) -> None:
        """Count one problem; without gold it is passed over.

        Args:
            scores, yes: of the judge, one a sample.
        """
        if group.correct is None:
            return
        is_hard = sum(group.correct) <= HARD_RATE * len(group.correct)
        for says, right in zip(yes, group.correct, strict=True):
            if says is not None:
                self._all.add(says, right)
                if is_hard:
                    self._hard.add(says, right)
        self._add_pairs([(s, right) for s, right in zip(scores, group.correct, strict=True) if s is not None])

    def _add_pairs(self, scored: Sequence[tuple[float, bool]]) -> None:
        good = [score for score, right in scored if right]
        bad = [score for score, right in scored if not right]
        self._num_pairs += len(good) * len(bad)
        self._won += sum((g > b) + (g == b) / 2 for g in good for b in bad)

    def numbers(self) -> Summary:
        """judge_precision, judge_recall, judge_false_positive_rate, judge_accuracy, judge_kappa, judge_precision_hard,
        judge_pair_accuracy."""
        numbers: Summary = {
            "judge_precision": self._all.precision,
            "judge_recall": self._all.recall,
            "judge_false_positive_rate": self._all.false_positive_rate,
            "judge_accuracy": self._all.accuracy,
            "judge_kappa": self._all.kappa,
            "judge_precision_hard": self._hard.precision,
            "judge_pair_accuracy": divide(self._won, self._num_pairs),
        }
        return known(numbers)


class SelfPreference:
    """How much more often than a neutral judge one puts its own text above another author's of equal gold quality.

    The judge's own texts are those of the model that wrote the round's first independent draw: the round's start model.
    """

    def __init__(self) -> None:
        self._won = 0.0
        self._num_pairs = 0
        self._own: str | None = None

    def add(self, group: RoundGroup, scores: Sequence[float | None]) -> None:
        """Count one problem; without gold, or with one author alone, it is passed over."""
        self._own = self._own or next((sample.model for sample in group.samples if sample.is_independent), None)
        if group.correct is None or len({sample.model for sample in group.samples}) < 2:
            return
        for quality in (True, False):
            rows = zip(group.samples, scores, group.correct, strict=True)
            alike = [(sample.model == self._own, score) for sample, score, right in rows if right == quality]
            own = [score for is_own, score in alike if is_own and score is not None]
            others = [score for is_own, score in alike if not is_own and score is not None]
            self._num_pairs += len(own) * len(others)
            self._won += sum((a > b) + (a == b) / 2 for a in own for b in others)

    def numbers(self) -> Summary:
        """judge_self_preference."""
        rate = divide(self._won, self._num_pairs)
        return {} if rate is None else {"judge_self_preference": self_preference(rate)}


def self_preference(own_rate: float, neutral_rate: float = NEUTRAL) -> float:
    """Share of pairs of equal quality in which a judge prefers its own text, less that of a neutral judge."""
    return own_rate - neutral_rate
