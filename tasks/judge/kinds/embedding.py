"""Judge `embedding`: how near a sample's text comes to others, by the vectors of an encoder. Pure.

cosine: mean over the targets of cos(v, v_target); mean_distance: mean of 1 - cos. "Extensive Self-Contrast Enables
Feedback-Free Language Model Alignment" (arXiv 2404.00604) compares samples with the solution by the first token's
state.

What a text is compared with lies in the same problem: its worked solution, its question, its other samples. A sample
with an empty text, or without a target, has no score; nor has one whose vector is zero.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import mul
from statistics import fmean
from typing import Any

from configs.schema.judges.distances import EmbeddingJudge
from infra.engines.questions import Embedded, Embedding, Missing
from tasks.core.joined import Group
from tasks.core.records import Judgement, Label, Message, Sample, Verdict
from tasks.judge.kind import MAX_CLASSES, Evidence, JudgeKind, Scale, missing_judgement, verdict_without_score
from tasks.judge.kinds.questions import last_user_message

Vector = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Texts:
    """What is embedded for one problem.

    Attributes:
        by_id: the texts that somebody is compared with, or that are compared.
        targets: by sample id, the ids of what it is compared with; at least one.
    """

    by_id: Mapping[str, str]
    targets: Mapping[str, Sequence[str]]


def texts_of(judge: EmbeddingJudge, group: Group) -> Texts:
    """The texts of a problem, those without a target left out."""
    own = {sample.id: sample for sample in group.whole_samples if sample.text.strip()}
    others = _others(judge, group, list(own.values()))
    found = {name: [other for other in others if other != name] for name in own}
    targets = {name: wanted for name, wanted in found.items() if wanted}
    wanted = {**{name: own[name].text for name in targets}, **others}
    return Texts(wanted if targets else {}, targets)


def _others(judge: EmbeddingJudge, group: Group, samples: Sequence[Sample]) -> dict[str, str]:
    """What samples are compared with, by id; a sample is never compared with itself."""
    if judge.against == "solution":
        solution = group.problem.solution or ""
        return {f"gold/{group.problem.id}": solution} if solution.strip() else {}
    if judge.against == "problem":
        return {f"problem/{group.problem.id}": last_user_message(group.problem)}
    draw = judge.against.removeprefix("draw:")
    return {one.id: one.text for one in samples if judge.against == "siblings" or one.draw == draw}


def embedding_questions(judge: EmbeddingJudge, template: str, groups: Sequence[Group]) -> list[Embedding]:
    """One a text."""
    return [
        Embedding(name, text, judge.pooling, judge.max_tokens)
        for group in groups
        for name, text in texts_of(judge, group).by_id.items()
    ]


def embedding_judgements(
    judge: EmbeddingJudge, groups: Sequence[Group], questions: Sequence[Any], answers: Sequence[Any]
) -> list[Judgement]:
    """One row a sample that has a text and a target."""
    found: dict[str, Embedded | Missing] = {
        question.id: answer for question, answer in zip(questions, answers, strict=True)
    }
    units = {name: unit(answer.vector) for name, answer in found.items() if isinstance(answer, Embedded)}
    rows = []
    for group in groups:
        targets = texts_of(judge, group).targets
        rows += [
            _judgement(judge, sample, targets[sample.id], found, units)
            for sample in group.whole_samples
            if sample.id in targets
        ]
    return rows


def _judgement(
    judge: EmbeddingJudge,
    sample: Sample,
    targets: Sequence[str],
    found: Mapping[str, Embedded | Missing],
    units: Mapping[str, Vector | None],
) -> Judgement:
    """Args:
    units: of the texts that have a vector; None where it is zero.
    """
    messages = (Message("user", sample.text),)
    there = [name for name in targets if name in units]
    missing = found[sample.id] if sample.id not in units else found[targets[0]]
    if sample.id not in units or not there:
        assert isinstance(missing, Missing)
        return missing_judgement(judge.name, sample, messages, missing)
    own, others = units[sample.id], [known for name in there if (known := units[name]) is not None]
    if own is None or not others:
        note = "a vector is zero, or no number"
        return Judgement(judge.name, sample.problem_id, sample.id, 0, messages, "", None, note=note)
    likeness = fmean(math.fsum(map(mul, own, other)) for other in others)
    score = likeness if judge.measure == "cosine" else 1 - likeness
    return Judgement(judge.name, sample.problem_id, sample.id, 0, messages, "", score)


def unit(vector: Vector) -> Vector | None:
    """The vector at length 1; None for one without a direction."""
    length = math.hypot(*vector)
    return tuple(value / length for value in vector) if length > 0 and math.isfinite(length) else None


def embedding_verdicts(judge: EmbeddingJudge, group: Group, evidence: Evidence) -> list[Verdict]:
    """The likeness, or the distance, is the score."""
    rows = {row.sample_id: row for row in evidence.judgements[""]}
    return [_verdict(judge, sample, rows.get(sample.id)) for sample in group.whole_samples]


def _verdict(judge: EmbeddingJudge, sample: Sample, row: Judgement | None) -> Verdict:
    if row is None:
        what = f"there is nothing to compare with: {judge.against}" if sample.text.strip() else "the text is empty"
        return verdict_without_score(judge.name, sample, [], what)
    if row.score is None:
        return verdict_without_score(judge.name, sample, [row], "no distance")
    return Verdict(sample.id, sample.problem_id, judge.name, str(Label.UNSCORED), row.score)


def _silence(judge: EmbeddingJudge) -> str:
    if judge.against == "solution":
        return "against: solution needs worked solutions: write mapping.solution of problems.train"
    if judge.against == "siblings":
        return "against: siblings needs several samples of a problem: write generate.num_samples: 2 or more"
    return f"no sample has something to be compared with by against: {judge.against}: write another target"


KIND = JudgeKind(
    version=1,
    verdicts=embedding_verdicts,
    questions=embedding_questions,
    judgements=embedding_judgements,
    better=None,
    scale=lambda judge: Scale(-1, 1, MAX_CLASSES) if judge.measure == "cosine" else Scale(0, 2, MAX_CLASSES),
    middle=lambda judge: None,
    silence=_silence,
)
