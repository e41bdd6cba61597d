"""Does a judge that compares two samples say the same in both orders? From the judgements of the judge step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from tasks.core.records import Judgement
from tasks.core.step import Summary
from tasks.evaluate.statistics import wilson_interval
from tasks.monitor.formulas import divide

UNDECIDED = 0.5


@dataclass(frozen=True, slots=True)
class JudgementColumns:
    """The columns of a `Judgement` that are read here."""

    VERSION: ClassVar[int] = Judgement.VERSION
    sample_id: str
    other_id: str | None
    index: int
    score: float | None
    missing: str | None = None


class Orders:
    """Collects one judge's judgements. Holds the comparisons whose other order is still to come."""

    def __init__(self) -> None:
        self._num_rows = self._num_read = 0
        self._num_first = self._num_decided = 0
        self._num_both = self._num_agreeing = 0
        self._waiting: dict[tuple[str, str, int], float | None] = {}

    def add_all(self, judgements: Iterable[JudgementColumns]) -> None:
        """Count judgements, comparisons or not."""
        for row in judgements:
            if row.missing is not None:
                continue  # the judge said nothing that could be read or not
            self._num_rows += 1
            self._num_read += row.score is not None
            if row.other_id is not None:
                self._compare(row, row.other_id)

    def _compare(self, row: JudgementColumns, other_id: str) -> None:
        if row.score is not None and row.score != UNDECIDED:
            self._num_decided += 1
            self._num_first += row.score > UNDECIDED
        mirrored = (other_id, row.sample_id, row.index)
        if mirrored not in self._waiting:
            self._waiting[row.sample_id, other_id, row.index] = row.score
            return
        before = self._waiting.pop(mirrored)
        if before is not None and row.score is not None:
            self._num_both += 1
            self._num_agreeing += _side(before) == -_side(row.score)

    def numbers(self) -> Summary:
        """judge_parse_rate over all judgements; of comparisons judge_first_position_rate and judge_order_agreement,
        with the _low and _high end of its 95 % Wilson interval."""
        rates: dict[str, float | None] = {
            "judge_parse_rate": divide(self._num_read, self._num_rows),
            "judge_first_position_rate": divide(self._num_first, self._num_decided),
            "judge_order_agreement": divide(self._num_agreeing, self._num_both),
        }
        if self._num_both:
            low, high = wilson_interval(self._num_agreeing, self._num_both)
            rates |= {"judge_order_agreement_low": low, "judge_order_agreement_high": high}
        return {name: rate for name, rate in rates.items() if rate is not None}


def _side(score: float) -> int:
    """1: the first of the two wins, -1: the second, 0: undecided."""
    return (score > UNDECIDED) - (score < UNDECIDED)
