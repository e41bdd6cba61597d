"""Numbers of the chains of a select step, kept or not, counted while they stream by. Pure.

A chain's shape is a letter a text, as S2R (arXiv 2502.12853) writes R-V+R+V+: `w` and `r` for wrong and right attempts,
`t` and `f` for verdicts that are true and that are not, by the recipe's first judge, and the first letter of other
parts: that chain is `wtrt`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tasks.core.joined import Candidate
from tasks.core.records import Label, Part, Verdict, is_true
from tasks.select.selection import Selected
from tasks.select.summary import Numbers

MOST_SHAPES = 20
"""that are told one by one, the most frequent ones"""


class ChainSummary:
    """Counts chains by shape; says nothing where no chain has a second text."""

    def __init__(self) -> None:
        self._shapes: Counter[str] = Counter()

    def count(self, group: Iterable[Selected]) -> None:
        """Count the chains of one problem, each by its last attempt."""
        self._shapes.update(shape_of(selected.candidate) for selected in group if selected.candidate.is_last)

    def numbers(self) -> Numbers:
        """num_chains, mean_attempts, verdict_recall_right and verdict_recall_wrong (true verdicts of those on right,
        and on wrong attempts), num_chains_SHAPE, num_chains_other for rare shapes. Means of nothing are None."""
        if all(len(shape) < 2 for shape in self._shapes):
            return {}
        total = self._shapes.total()
        told = sorted(self._shapes.items(), key=lambda item: (-item[1], item[0]))
        numbers: Numbers = {
            "num_chains": total,
            "mean_attempts": sum((shape.count("r") + shape.count("w")) * number for shape, number in told) / total,
            **{f"verdict_recall_{name}": self._recall(letter) for name, letter in (("right", "r"), ("wrong", "w"))},
        }
        numbers |= {f"num_chains_{shape}": number for shape, number in told[:MOST_SHAPES]}
        rest = sum(number for _, number in told[MOST_SHAPES:])
        return numbers | ({"num_chains_other": rest} if rest else {})

    def _recall(self, attempt: str) -> float | None:
        """Of verdicts right behind such attempts."""
        true, false = (
            sum(shape.count(attempt + letter) * number for shape, number in self._shapes.items()) for letter in "tf"
        )
        return true / (true + false) if true + false else None


def shape_of(one: Candidate) -> str:
    """The letters of a chain, its last texts included."""
    letters, truth = "", Verdict("", "", "", Label.MISSING)
    for text in one.whole_chain:
        if text.sample.is_answer:
            truth = text.verdict(None)
            letters += "r" if truth.label == Label.CORRECT else "w"
        elif text.sample.part == Part.VERDICT:
            letters += "t" if is_true(text.sample.said, truth) else "f"
        else:
            letters += text.sample.part[0]
    return letters
