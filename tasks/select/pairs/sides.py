"""A pair with what judges know of its two sides, and how their answers compare. Used by `options.py`.

A side that no judge has seen, such as a worked solution, has no score; its answer is the problem's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from tasks.answer.equal import clusters, same_spelling
from tasks.answer.read import read
from tasks.answer.value import Number, UnreadableError
from tasks.core.joined import Candidate
from tasks.core.records import Label, Pair, Problem
from tasks.select.pairs.choice import NoPair


@dataclass(frozen=True, slots=True)
class Sides:
    """A pair with what is known of its two texts; None: no judge has seen it."""

    pair: Pair
    chosen: Candidate | None
    rejected: Candidate | None
    problem: Problem

    def scores(self, judge: str | None) -> tuple[float, float] | None:
        """Scores of chosen and rejected; None where one is missing."""
        found = [None if side is None else side.verdict(judge).score for side in (self.chosen, self.rejected)]
        high, low = found
        return None if high is None or low is None else (high, low)

    def swapped(self) -> Sides:
        """The other way round."""
        pair = self.pair
        turned = replace(
            pair,
            chosen=pair.rejected,
            rejected=pair.chosen,
            chosen_id=pair.rejected_id,
            rejected_id=pair.chosen_id,
            chosen_ends=pair.rejected_ends,
            rejected_ends=pair.chosen_ends,
            margin=None if pair.margin is None else -pair.margin,
        )
        return replace(self, pair=turned, chosen=self.rejected, rejected=self.chosen)


def have_one_answer(sides: Sides) -> bool:
    """Whether the first judge that read an answer in both read the same; of a worked solution it is the problem's."""
    sample = sides.chosen or sides.rejected
    assert sample is not None, "of two sides that have answers at least one is a sample"
    for judge in sample.verdicts:
        one, other = (
            sides.problem.gold if side is None else side.verdict(judge).answer
            for side in (sides.chosen, sides.rejected)
        )
        if one is None or other is None:
            continue
        has_solution = sides.chosen is None or sides.rejected is None
        return same_spelling(one, other) if has_solution else len(set(clusters([one, other]))) == 1
    return False


def is_near(sides: Sides, gap: float) -> NoPair | None:
    """Whether the rejected answer lies nearer than the gap to the gold one."""
    right, other = _right_answer(sides), _number_of(_answer(sides.rejected))
    if right is None or other is None:
        return NoPair.NO_NUMBER
    return NoPair.SMALL_GAP if abs(right - other) < Fraction(str(gap)) else None


def _right_answer(sides: Sides) -> Fraction | None:
    chosen = sides.chosen
    is_correct = chosen is not None and any(one.label == Label.CORRECT for one in chosen.verdicts.values())
    gold = sides.problem.gold
    return _number_of(_answer(chosen) if is_correct or gold is None else gold)


def _answer(side: Candidate | None) -> str | None:
    """The answer of the first judge that read one."""
    found = side.verdicts.values() if side is not None else ()
    return next((one.answer for one in found if one.answer is not None), None)


def _number_of(answer: str | None) -> Fraction | None:
    try:
        value = None if answer is None else read(answer)
    except UnreadableError:
        return None
    return value.value if isinstance(value, Number) else None
