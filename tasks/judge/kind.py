"""What a judge is. Every kind of judge, by rule or by model, is one `JudgeKind` in a file of `kinds/` that is
called as the kind is; whom it asks, and for what, its class in `configs/schema/judges/kinds.py` says.

What a judging model can be asked, and what it answers, has four forms, one for each service of a pool:

    Request   it writes text                              -> Completions, one for each draw
    Scoring   the log-probability of a given text         -> Score
    Rating    a reward model's opinion of a given text    -> Rated
    Embedding the vector of a given text                  -> Embedded

Any of the answers may be a `Missing`. It becomes a judgement without a score (`missing_judgement`), and a verdict
`missing` where it is all there is: never a zero, and never wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from infra.engines.questions import (
    Completion,
    Embedded,
    Embedding,
    Missing,
    Rated,
    Rating,
    Request,
    Score,
    Scoring,
)
from tasks.core.joined import Group
from tasks.core.records import Judgement, Label, Message, Sample, Verdict
from tasks.core.refs import ModelRef
from tasks.judge.verifiers.pool import Outcome

Question = Request | Scoring | Rating | Embedding
Answer = tuple[Completion | Missing, ...] | Score | Rated | Embedded | Missing
"""In place of its question: the draws of a Request lie together, in order of index."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one problem's whole samples before a judge speaks.

    Attributes:
        outcomes: what the judge's rule found, one a whole sample.
        judgements: by the name of a pass, what was answered about these samples, in their order; of a pass about other
            problems all that was answered.
        verdicts: by name of a judge that this one needs, one a whole sample.
    """

    outcomes: Sequence[Outcome] = ()
    judgements: Mapping[str, Sequence[Judgement]] = field(default_factory=dict)
    verdicts: Mapping[str, Sequence[Verdict]] = field(default_factory=dict)


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


SHARES = Scale(0, 1, 11)
"""of scores that are shares"""
MAX_CLASSES = 21


def missing_judgement(
    judge: str, sample: Sample, messages: tuple[Message, ...], why: Missing, other_id: str | None = None
) -> Judgement:
    """What stands for an answer that there is not."""
    return Judgement(
        judge, sample.problem_id, sample.id, why.index, messages, "", None, other_id, why.words, why.reason
    )


def verdict_without_score(judge: str, sample: Sample, judgements: Sequence[Judgement], what: str) -> Verdict:
    """The verdict on a sample of which no judgement has a score: missing where the model answered nothing.

    Args:
        judgements: on this sample; may be empty.
        what: in words, what there is not.
    """
    is_missing = bool(judgements) and all(row.missing for row in judgements)
    reasons = ", ".join(sorted({row.note or "no reason given" for row in judgements}))
    label = Label.MISSING if is_missing else Label.UNPARSEABLE
    note = f"{what}: {reasons}" if reasons else what
    return Verdict(sample.id, sample.problem_id, judge, str(label), note=note)


def no_questions(judge: Any, template: str, groups: Sequence[Group]) -> Sequence[Question]:
    """For judges by rule, which have nobody to ask."""
    raise LookupError(f"judge '{judge.name}' asks a model, and its kind has no questions")


def no_judgements(
    judge: Any, groups: Sequence[Group], questions: Sequence[Any], answers: Sequence[Any]
) -> list[Judgement]:
    """For judges by rule, which have no answers to read."""
    raise LookupError(f"judge '{judge.name}' asks a model, and its kind does not say how answers are read")


@dataclass(frozen=True, slots=True)
class JudgeKind:
    """One kind of judge. All functions are pure, and get the judge's settings first.

    Attributes:
        version: raised when the code gives other verdicts.
        verdicts: (judge, group, evidence) -> one verdict for each whole sample of the group, in their order. Truncated
            samples are judged by nobody.
        questions: (judge, the prompt's text, groups) -> what is asked about the groups' whole samples, in every pass.
        judgements: (judge, groups, questions, answers in the questions' places) -> the rows that are published.
        check_models: (judge, by name of a pass the policy's state that is asked, None for a role with a model of its
            own) -> nothing; raises RecipeError where these models could not judge.
        better: which of two scores is the better one; None: scores that the monitor has no measures for.
        gives_opinions: whether each judgement is an opinion, which may be unreadable, rather than a measurement.
        num_judgements: (judge, n) -> opinions that a model is asked for about n samples of one problem.
        scale: judge -> the scale of its scores, where they have bounds; of a judge that compares, of the shares of
            others beaten.
        middle: judge -> the score from which on it says yes, where its recipe says nothing; None: there is no yes and
            no. Default: the middle of the scale.
        silence: judge -> where to look if there was nothing to ask about any sample of a round. Default: that is no
            error.
    """

    version: int
    verdicts: Callable[[Any, Group, Evidence], list[Verdict]]
    questions: Callable[[Any, str, Sequence[Group]], Sequence[Question]] = no_questions
    judgements: Callable[[Any, Sequence[Group], Sequence[Any], Sequence[Any]], list[Judgement]] = no_judgements
    check_models: Callable[[Any, Mapping[str, ModelRef | None]], None] | None = None
    better: Literal["higher", "lower"] | None = "higher"
    gives_opinions: bool = False
    num_judgements: Callable[[Any, int], int] = lambda judge, number: 0
    scale: Callable[[Any], Scale | None] = lambda judge: None
    middle: Callable[[Any], float | None] | None = None
    silence: Callable[[Any], str] | None = None
