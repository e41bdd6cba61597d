"""Judge `importance`: how far a sample lies from a small trusted set. "Importance Weighting Can Help Large Language
Models Self-Improve" (IWSI), arXiv 2408.09849. Pure.

w = clip(mean loss of the trusted set / loss of the sample, 0, 2); score = w if w > 1, else min(1 / w, 5). 1: no shift;
smaller is better.

Where this differs from the paper:
1. A loss is the mean over the tokens of a completion and its end token, with the same chat template for both sets; the
   trusted set's is the mean over its completions, each counted once.
2. Which samples are looked at is said by other judges and by select, not only by a vote.

The trusted set takes a pass of its own; each row's score is a loss, natural logarithm.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Any

from configs.errors import ProblemsError
from configs.schema.judge import ImportanceJudge
from infra.engines.wire import Scoring
from tasks.core.joined import Group
from tasks.core.records import Author, FinishReason, Judgement, Label, Problem, Sample, Verdict
from tasks.judge.questions import score_sample, to_messages
from tasks.sample.problems.sets import fingerprint

VERSION = 1
TRUSTED = "trusted"
"""name of the trusted set's pass"""
MAX_WEIGHT = 2.0
MAX_DISTANCE = 5.0


def importance_parts(judge: ImportanceJudge) -> tuple[str, ...]:
    """The passes: over the samples, and over the trusted set."""
    return ("", TRUSTED)


def trusted_groups(problems: Iterable[Problem], held_out: Iterable[Problem]) -> list[Group]:
    """The trusted problems with their worked solutions as samples.

    Args:
        held_out: problems of the select and report sets.

    Raises:
        ProblemsError: a trusted problem has no solution, or is held out.
    """
    taken = {fingerprint(problem.messages) for problem in held_out}
    groups = []
    for problem in problems:
        if not problem.solution:
            raise ProblemsError(
                f"trusted problem {problem.id} has no worked solution", "say where it is: mapping.solution"
            )
        if fingerprint(problem.messages) in taken:
            raise ProblemsError(
                f"trusted problem {problem.id} is in the select or the report set too",
                "take other problems for the judge's trusted set: held-out problems never choose anything",
            )
        gold = Sample(
            f"gold/{problem.id}",
            problem.id,
            0,
            problem.solution,
            FinishReason.STOP,
            0,
            None,
            "gold",
            by=Author.SOLUTION,
        )
        groups.append(Group(problem, (gold,)))
    return groups


def importance_questions(judge: ImportanceJudge, template: str, groups: Iterable[Group]) -> list[Scoring]:
    """One scoring a completion."""
    return [score_sample(group.problem, sample) for group in groups for sample in group.whole_samples]


def importance_judgements(
    judge: ImportanceJudge, groups: Iterable[Group], questions: Sequence[Any], answers: Sequence[Any]
) -> list[Judgement]:
    """One row a completion: its loss, the mean over its tokens."""
    samples = [sample for group in groups for sample in group.whole_samples]
    return [
        Judgement(
            judge.name, sample.problem_id, sample.id, 0, to_messages(question.messages), "",
            -answer.logprob / answer.num_tokens,
        )
        for sample, question, answer in zip(samples, questions, answers, strict=True)
    ]  # fmt: skip


def importance_verdicts(
    judge: ImportanceJudge, samples: Sequence[Sample], judgements: Sequence[Judgement], trusted: Sequence[Judgement]
) -> list[Verdict]:
    """One verdict a sample, none of them truncated.

    Args:
        trusted: rows of the trusted set, one at least.
    """
    trusted_loss = fmean(row.score for row in trusted if row.score is not None)
    losses = {row.sample_id: row.score for row in judgements}
    verdicts = []
    for sample in samples:
        loss = losses[sample.id]
        assert loss is not None
        score = distance(trusted_loss, loss)
        verdicts.append(Verdict(sample.id, sample.problem_id, judge.name, str(Label.UNSCORED), score))
    return verdicts


def distance(trusted_loss: float, loss: float) -> float:
    """How far a sample lies from the trusted set, in [1, 5]; losses are 0 or more."""
    weight = min(trusted_loss / loss, MAX_WEIGHT) if loss > 0 else MAX_WEIGHT
    if weight > 1:
        return weight
    return min(1 / weight, MAX_DISTANCE) if weight > 0 else MAX_DISTANCE
