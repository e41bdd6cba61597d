"""Judge `rubric`: a model grades each sample by a rubric. "Self-Rewarding Language Models", arXiv 2401.10020. Pure.

score = mean of the judgements that could be read; spread = their population variance.

Where this differs from the paper:
1. The last match of the pattern counts; what is out of range, cut off or missing is not readable and has no score. A
   sample without a readable judgement has none either: it is unparseable, never worst.
2. The prompt is our own wording of the additive 5-point rubric.
3. With `read: choices` one judgement a sample is made without any text: the expectation of the score under the model's
   probabilities of the whole numbers from low to high.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, pvariance
from typing import Any

from configs.schema.judges.opinions import RubricJudge
from infra.engines.questions import Missing, Request, Scoring
from tasks.core.joined import Group
from tasks.core.records import Judgement, Label, Sample, Verdict
from tasks.judge.kind import MAX_CLASSES, Evidence, JudgeKind, Scale, missing_judgement, verdict_without_score
from tasks.judge.kinds.questions import ask_user, choice_scorings, to_messages
from tasks.judge.kinds.reading import expect, first_missing, read_score


def rubric_questions(judge: RubricJudge, template: str, groups: Sequence[Group]) -> list[Request] | list[Scoring]:
    """For each sample one request with `repeats` draws, or with `read: choices` one scoring for each whole number.

    The template gets prompt, messages, response, low and high.
    """
    limits = {"low": f"{judge.low:g}", "high": f"{judge.high:g}"}
    asked = [
        (sample.id, ask_user(template, group.problem, response=sample.text, **limits))
        for group in groups
        for sample in group.whole_samples
    ]
    if judge.read == "text":
        return [Request(name, messages, judge.repeats) for name, messages in asked]
    choices = [str(number) for number in _numbers(judge)]
    return [row for name, messages in asked for row in choice_scorings(name, messages, judge.pattern, choices)]


def rubric_judgements(
    judge: RubricJudge, groups: Sequence[Group], questions: Sequence[Any], answers: Sequence[Any]
) -> list[Judgement]:
    """What was answered, sample by sample; one row a draw, or one a sample with `read: choices`."""
    samples = [sample for group in groups for sample in group.whole_samples]
    if judge.read == "choices":
        return _expectations(judge, samples, questions, answers)
    rows = []
    for sample, question, completions in zip(samples, questions, answers, strict=True):
        messages = to_messages(question.messages)
        for draw in completions:
            if isinstance(draw, Missing):
                rows.append(missing_judgement(judge.name, sample, messages, draw))
                continue
            score, note = read_score(draw, judge.pattern, judge.low, judge.high)
            rows.append(
                Judgement(judge.name, sample.problem_id, sample.id, draw.index, messages, draw.text, score, note=note)
            )
    return rows


def rubric_verdicts(judge: RubricJudge, group: Group, evidence: Evidence) -> list[Verdict]:
    """The mean of each sample's judgements."""
    rows: dict[str, list[Judgement]] = {sample.id: [] for sample in group.whole_samples}
    for row in evidence.judgements[""]:
        rows[row.sample_id].append(row)
    return [mean_verdict(judge.name, sample, rows[sample.id]) for sample in group.whole_samples]


def mean_verdict(judge: str, sample: Sample, judgements: Sequence[Judgement]) -> Verdict:
    """The verdict on one sample: mean and population variance of the judgements that could be read."""
    scores = [row.score for row in judgements if row.score is not None]
    if not scores:
        words = f"none of {len(judgements)} judgements could be read"
        return verdict_without_score(judge, sample, judgements, words)
    spread = pvariance(scores) if len(scores) > 1 else None
    return Verdict(sample.id, sample.problem_id, judge, str(Label.UNSCORED), fmean(scores), spread=spread)


def _expectations(
    judge: RubricJudge, samples: Sequence[Sample], questions: Sequence[Any], answers: Sequence[Any]
) -> list[Judgement]:
    numbers = _numbers(judge)
    rows = []
    for place, sample in enumerate(samples):
        part = slice(place * len(numbers), (place + 1) * len(numbers))
        messages = to_messages(questions[part][0].messages)
        if (why := first_missing(answers[part])) is not None:
            rows.append(missing_judgement(judge.name, sample, messages, why))
            continue
        score = expect(numbers, [answer.logprob for answer in answers[part]])
        note = None if score is not None else "no choice is possible"
        rows.append(Judgement(judge.name, sample.problem_id, sample.id, 0, messages, "", score, note=note))
    return rows


def _numbers(judge: RubricJudge) -> range:
    return range(math.ceil(judge.low), math.floor(judge.high) + 1)


def _scale(judge: RubricJudge) -> Scale:
    """Its whole numbers are the classes, where texts are read."""
    is_whole = judge.read == "text" and (judge.high - judge.low) % 1 == 0
    num_classes = int(judge.high - judge.low) + 1 if is_whole else MAX_CLASSES
    return Scale(judge.low, judge.high, min(num_classes, MAX_CLASSES))


KIND = JudgeKind(
    version=2,
    verdicts=rubric_verdicts,
    questions=rubric_questions,
    judgements=rubric_judgements,
    gives_opinions=True,
    num_judgements=lambda judge, number: number * max(judge.num_opinions, 1),
    scale=_scale,
)
