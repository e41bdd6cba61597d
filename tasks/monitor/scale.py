"""How a judge's scores are binned, and from which score on it says yes. Pure.

Rule judges have no place here: one that calls everything correct is no defect.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from configs.schema.judge import Judge
from configs.schema.select import Select, Threshold
from tasks.core.records import Label, Verdict

RANKING = ("vote", "rubric", "pairwise", "implicit", "reward_model")
"""kinds that score by a model or by votes, higher is better"""
SCORING = (*RANKING, "importance")
"""kinds whose scores are looked at; of importance's, lower is better"""
WRITING = ("rubric", "pairwise")
"""kinds whose opinion is a text that may be unreadable; the others' rows of judgements are numbers"""
MAX_CLASSES = 21


@dataclass(frozen=True, slots=True)
class Scale:
    """A bounded scale: its ends, and the classes of its histogram, whose centres lie evenly from end to end."""

    low: float
    high: float
    num_classes: int

    def place(self, score: float) -> int:
        """The class of a score; halves go up, and what lies outside goes to the end."""
        position = (score - self.low) / (self.high - self.low) * (self.num_classes - 1)
        return min(max(math.floor(position + 0.5), 0), self.num_classes - 1)

    def names(self) -> list[str]:
        """The centre of each class as text."""
        step = (self.high - self.low) / (self.num_classes - 1)
        return [f"{self.low + index * step:g}" for index in range(self.num_classes)]


def scale_of(judge: Judge) -> Scale | None:
    """The scale of a judge's scores; None where they have no bounds. Whole numbers of a rubric are its classes."""
    config: Any = judge
    if config.kind == "vote":
        return Scale(0, 1, 11)
    if config.kind == "pairwise":
        return Scale(0, 1, 11)
    if config.kind == "rubric":
        is_whole = config.read == "text" and (config.high - config.low) % 1 == 0
        num_classes = int(config.high - config.low) + 1 if is_whole else MAX_CLASSES
        return Scale(config.low, config.high, min(num_classes, MAX_CLASSES))
    if config.kind == "reward_model" and config.map_to is not None:
        return Scale(min(config.map_to), max(config.map_to), MAX_CLASSES)
    return None


def scores_of(judge: Judge, verdicts: Sequence[Verdict]) -> list[float | None]:
    """A judge's scores of one problem's samples; of a pairwise judge the share of the others that were beaten."""
    scores = [verdict.score for verdict in verdicts]
    if judge.kind != "pairwise":
        return scores
    num_others = sum(verdict.label != Label.TRUNCATED for verdict in verdicts) - 1
    return [score / num_others if score is not None and num_others > 0 else None for score in scores]


@dataclass(frozen=True, slots=True)
class Yes:
    """From which score on a judge says yes.

    The judge's own label where it has one; else the recipe's threshold on this judge; else the middle of its scale,
    or 0 for an implicit reward, which is a difference. Otherwise there is no yes and no.
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


def yes_of(judge: Judge, is_first: bool, select: Sequence[Select]) -> Yes:
    """From which score on this judge says yes, in this recipe.

    Args:
        is_first: of the recipe's judges, so that a component that names none means it.
    """
    config: Any = judge
    if config.kind != "pairwise":
        for part in select:
            if isinstance(part, Threshold) and (part.judge == judge.name or (part.judge is None and is_first)):
                if part.at_least is not None:
                    return Yes(at_least=part.at_least)
                if isinstance(part.above, float):
                    return Yes(above=part.above)
    if config.kind == "implicit" and config.reference != "none":
        return Yes(above=0.0)
    scale = scale_of(judge)
    return Yes(above=(scale.low + scale.high) / 2) if scale is not None else Yes()
