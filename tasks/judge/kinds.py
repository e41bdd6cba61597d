"""Judges that ask a model, by their `kind`. To add one: a file like `rubric.py`, a config class, an entry here.

All functions are pure: questions go out, answers come back in their place (see `ask.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tasks.core.joined import Group
from tasks.core.records import Judgement, Sample, Verdict
from tasks.judge import implicit, importance, pairwise, reward_model, rubric
from tasks.judge.questions import Answer, ModelJudge, Question


@dataclass(frozen=True, slots=True)
class ModelJudgeKind:
    """One kind of model judge.

    Attributes:
        version: raised when the code computes something else.
        questions: (judge, template, groups) -> what is asked about the groups' whole samples.
        judgements: (judge, groups, questions, answers) -> the rows that are published.
        verdicts: (judge, whole samples of one problem, its rows pass after pass, rows of the trusted set) -> one a
            sample.
        parts: names of the passes over the samples; the first is empty.
    """

    version: int
    questions: Callable[[Any, str, Iterable[Group]], Sequence[Question]]
    judgements: Callable[[Any, Iterable[Group], Sequence[Question], Sequence[Answer]], list[Judgement]]
    verdicts: Callable[[Any, Sequence[Sample], Sequence[Judgement], Sequence[Judgement]], list[Verdict]]
    parts: Callable[[Any], tuple[str, ...]] = lambda _: ("",)


KINDS: dict[str, ModelJudgeKind] = {
    "rubric": ModelJudgeKind(
        rubric.VERSION, rubric.rubric_questions, rubric.rubric_judgements, rubric.rubric_verdicts
    ),
    "pairwise": ModelJudgeKind(
        pairwise.VERSION, pairwise.pairwise_questions, pairwise.pairwise_judgements, pairwise.pairwise_verdicts
    ),
    "implicit": ModelJudgeKind(
        implicit.VERSION,
        implicit.implicit_questions,
        implicit.implicit_judgements,
        implicit.implicit_verdicts,
        implicit.implicit_parts,
    ),
    "reward_model": ModelJudgeKind(
        reward_model.VERSION,
        reward_model.reward_questions,
        reward_model.reward_judgements,
        reward_model.reward_verdicts,
    ),
    "importance": ModelJudgeKind(
        importance.VERSION,
        importance.importance_questions,
        importance.importance_judgements,
        importance.importance_verdicts,
        importance.importance_parts,
    ),
}  # fmt: skip


def asks_for(judge: ModelJudge) -> Literal["text", "score", "rating"]:
    """Which service of a pool answers the judge's questions."""
    if judge.kind == "reward_model":
        return "rating"
    return "text" if getattr(judge, "read", "choices") == "text" else "score"


def draws_at_random(judge: Any) -> bool:
    """Whether the judge's answers depend on a seed."""
    return getattr(judge, "read", "choices") == "text" and judge.temperature > 0
