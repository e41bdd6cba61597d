"""Judge `implicit`: the reward that a DPO-trained model implies. "Bootstrapping Language Models with DPO Implicit
Rewards" (DICE), arXiv 2406.09760. Pure.

s(y) = logp_model(y) - logp_reference(y), sums over the tokens of y and its end token; `per_token`: means. With
`reference: none` it is logp_model(y), as V-STaR's verifier ranks (arXiv 2402.06457).

Where this differs from the paper:
1. Filters by length and finish belong to select, and the length penalty to pair.
2. What was given to the model (a sample's prefix) is not scored.

Two models take two passes; each pass stores one row a sample whose score is that model's log-probability.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from configs.schema.judge import ImplicitJudge
from infra.engines.wire import Scoring
from tasks.core.joined import Group
from tasks.core.records import Judgement, Label, Sample, Verdict
from tasks.judge.questions import score_sample, to_messages

VERSION = 1
REFERENCE = "reference"
"""name of the second pass"""


def implicit_parts(judge: ImplicitJudge) -> tuple[str, ...]:
    """The passes: the model's, and the reference's where there is one."""
    return ("",) if judge.reference == "none" else ("", REFERENCE)


def implicit_questions(judge: ImplicitJudge, template: str, groups: Iterable[Group]) -> list[Scoring]:
    """One scoring a sample; the same in both passes."""
    return [score_sample(group.problem, sample) for group in groups for sample in group.whole_samples]


def implicit_judgements(
    judge: ImplicitJudge, groups: Iterable[Group], questions: Sequence[Any], answers: Sequence[Any]
) -> list[Judgement]:
    """One row a sample: its log-probability, summed or per token, natural logarithm."""
    samples = [sample for group in groups for sample in group.whole_samples]
    return [
        Judgement(judge.name, sample.problem_id, sample.id, 0, to_messages(question.messages), "", score)
        for sample, question, answer in zip(samples, questions, answers, strict=True)
        for score in [answer.logprob / answer.num_tokens if judge.per_token else answer.logprob]
    ]


def implicit_verdicts(
    judge: ImplicitJudge, samples: Sequence[Sample], judgements: Sequence[Judgement], _: Sequence[Judgement] = ()
) -> list[Verdict]:
    """One verdict a sample, none of them truncated.

    Args:
        judgements: rows of the first pass, then those of the reference's.
    """
    logprobs: dict[str, list[float]] = {sample.id: [] for sample in samples}
    for row in judgements:
        assert row.score is not None
        logprobs[row.sample_id].append(row.score)
    verdicts = []
    for sample in samples:
        own, *reference = logprobs[sample.id]
        score = own - sum(reference)
        verdicts.append(Verdict(sample.id, sample.problem_id, judge.name, str(Label.UNSCORED), score))
    return verdicts
