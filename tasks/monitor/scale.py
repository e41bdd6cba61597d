"""A judge's scores as numbers that can be compared, and from which score on it says yes. Pure.

What a kind's scores mean its `JudgeKind` says (tasks/judge/kind.py). Judges by rule have no place here: one that calls
everything correct is no defect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from configs.schema.judges.kinds import Judge
from configs.schema.select import Select, Threshold
from tasks.core.records import Label, Verdict
from tasks.judge.kinds.registry import kind_of, scale_of


def scores_of(judge: Judge, verdicts: Sequence[Verdict]) -> list[float | None]:
    """A judge's scores of one problem's samples; of one that compares the share of the others that were beaten."""
    scores = [verdict.score for verdict in verdicts]
    if not judge.compares:
        return scores
    num_others = sum(verdict.label != Label.TRUNCATED for verdict in verdicts) - 1
    return [score / num_others if score is not None and num_others > 0 else None for score in scores]


@dataclass(frozen=True, slots=True)
class Cutoff:
    """From which score on a judge says yes.

    The judge's own label where it has one; else the recipe's threshold on this judge; else what its kind calls the
    middle. Otherwise there is no yes and no.
    """

    at_least: float | None = None
    above: float | None = None

    def says(self, verdict: Verdict, score: float | None) -> bool | None:
        """True, False, or None where the judge has no yes and no. A sample without a score is no yes.

        Args:
            score: as `scores_of` gives it.
        """
        if verdict.label in (Label.CORRECT, Label.WRONG):
            return verdict.label == Label.CORRECT
        if self.at_least is None and self.above is None:
            return None
        if score is None:
            return False
        return score >= self.at_least if self.at_least is not None else score > (self.above or 0.0)


def cutoff_of(judge: Judge, is_first: bool, select: Sequence[Select]) -> Cutoff:
    """From which score on this judge says yes, in this recipe.

    Args:
        is_first: of the recipe's judges, so that a component that names none means it.
    """
    if not judge.compares:  # its score counts samples, and a share is what is looked at
        for part in select:
            if isinstance(part, Threshold) and (part.judge == judge.name or (part.judge is None and is_first)):
                if part.at_least is not None:
                    return Cutoff(at_least=part.at_least)
                if isinstance(part.above, float):
                    return Cutoff(above=part.above)
    return Cutoff(above=_middle(judge))


def _middle(judge: Judge) -> float | None:
    if (middle := kind_of(judge).middle) is not None:
        return middle(judge)
    scale = scale_of(judge)
    return None if scale is None else (scale.low + scale.high) / 2
