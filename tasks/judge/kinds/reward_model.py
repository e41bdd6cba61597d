"""Judge `reward_model`: a model trained to rate answers. Pure.

A sequence classifier gives one score, which stands as it is. A process reward model gives one probability a step, and
`reduce` makes one number of them: min as in B-STaR (arXiv 2412.17256), mean, last or product. `map_to` carries [0, 1]
to another range: B-STaR's [-1, 1].
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean
from typing import Any

from configs.errors import RecipeError
from configs.schema.judges.kinds import RewardModelJudge
from infra.engines.questions import Missing, Rated, Rating
from tasks.core.joined import Group
from tasks.core.records import Judgement, Label, Message, Sample, Verdict
from tasks.judge.kind import MAX_CLASSES, Evidence, JudgeKind, Scale, missing_judgement, verdict_without_score
from tasks.judge.kinds.questions import given_chat, to_messages


def reward_questions(judge: RewardModelJudge, template: str, groups: Sequence[Group]) -> list[Rating]:
    """One rating a sample."""
    return [
        Rating(sample.id, given_chat(group.problem), sample.text, judge.step_separator)
        for group in groups
        for sample in group.whole_samples
    ]


def reward_judgements(
    judge: RewardModelJudge, groups: Sequence[Group], questions: Sequence[Any], answers: Sequence[Any]
) -> list[Judgement]:
    """One row a score, `index` is the step's number; raw, before `reduce` and `map_to`."""
    samples = [sample for group in groups for sample in group.whole_samples]
    return [
        row
        for sample, question, rated in zip(samples, questions, answers, strict=True)
        for row in _scores(judge.name, sample, to_messages(question.messages), rated)
    ]


def _scores(judge: str, sample: Sample, messages: tuple[Message, ...], rated: Rated | Missing) -> list[Judgement]:
    if isinstance(rated, Missing):
        return [missing_judgement(judge, sample, messages, rated)]
    return [
        Judgement(
            judge, sample.problem_id, sample.id, index, messages, "", score if math.isfinite(score) else None,
            note=None if math.isfinite(score) else f"the score is {score}",
        )
        for index, score in enumerate(rated.scores)
    ]  # fmt: skip


def reward_verdicts(judge: RewardModelJudge, group: Group, evidence: Evidence) -> list[Verdict]:
    """A sample without a step, or with a step without a number, has no score.

    Raises:
        RecipeError: `map_to` is set, and a score lies outside of [0, 1].
    """
    steps: dict[str, list[Judgement]] = {sample.id: [] for sample in group.whole_samples}
    for row in evidence.judgements[""]:
        steps[row.sample_id].append(row)
    return [_verdict(judge, sample, steps[sample.id]) for sample in group.whole_samples]


def reduce_scores(scores: Sequence[float], how: str) -> float:
    """One number of the steps' scores: min, mean, last or product."""
    if how == "min":
        return min(scores)
    if how == "mean":
        return fmean(scores)
    return scores[-1] if how == "last" else math.prod(scores)


def _verdict(judge: RewardModelJudge, sample: Sample, steps: Sequence[Judgement]) -> Verdict:
    scores = [row.score for row in steps if row.score is not None]
    if not steps or len(scores) < len(steps):
        words = "the reward model gave no number" if steps else "the reward model found no step"
        without = [row for row in steps if row.score is None]
        return verdict_without_score(judge.name, sample, without, words)
    score = reduce_scores(scores, judge.reduce)
    if judge.map_to is not None:
        score = _map(judge, score)
    return Verdict(sample.id, sample.problem_id, judge.name, str(Label.UNSCORED), score)


def _map(judge: RewardModelJudge, score: float) -> float:
    assert judge.map_to is not None
    low, high = judge.map_to
    if not 0 <= score <= 1:
        raise RecipeError(
            f"judge '{judge.name}': map_to carries [0, 1] to [{low:g}, {high:g}], and the reward model gave {score:g}",
            "leave out map_to: this model's scores are no probabilities",
        )
    return low + (high - low) * score


def _scale(judge: RewardModelJudge) -> Scale | None:
    return None if judge.map_to is None else Scale(min(judge.map_to), max(judge.map_to), MAX_CLASSES)


KIND = JudgeKind(
    version=2, verdicts=reward_verdicts, questions=reward_questions, judgements=reward_judgements, scale=_scale
)
