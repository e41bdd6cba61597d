"""Judge `likelihood`: how likely a model finds a sample, under a chat of choice. Pure.

s(y) = logp(y | chat), natural logarithm, over the tokens of y and its end token: their mean, or their sum. Under the
problem's own chat it is what V-STaR's verifier ranks by (arXiv 2402.06457) and CREAM's reward (arXiv 2410.12735); SSO
(arXiv 2410.17131) compares it between the chats of named draws, IFD (arXiv 2408.12247) between a question and none.

A draw's chat is read from the samples of that draw, never from its prompt: the first of the problem says what all of
them were asked. A sample of a problem without one has no score. What was given to the model is not scored.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from configs.schema.judges.kinds import LikelihoodJudge
from infra.engines.questions import (
    Messages,
    Missing,
    Score,
    Scoring,
)
from tasks.core.joined import Group
from tasks.core.records import Judgement, Label, Sample, Verdict
from tasks.judge.kind import Evidence, JudgeKind, missing_judgement, verdict_without_score
from tasks.judge.kinds.questions import given_chat, score_sample, to_messages

NO_QUESTION: Messages = (("user", ""),)


def likelihood_questions(judge: LikelihoodJudge, template: str, groups: Sequence[Group]) -> list[Scoring]:
    """One scoring a sample whose chat is known."""
    return [replace(score_sample(group.problem, one), messages=chat) for group, one, chat in _asked(judge, groups)]


def likelihood_judgements(
    judge: LikelihoodJudge, groups: Sequence[Group], questions: Sequence[Scoring], answers: Sequence[Score | Missing]
) -> list[Judgement]:
    """One row a question: the log-probability, summed or per token."""
    asked = zip(_asked(judge, groups), questions, answers, strict=True)
    return [_judgement(judge, sample, question, answer) for (_, sample, _), question, answer in asked]


def likelihood_verdicts(judge: LikelihoodJudge, group: Group, evidence: Evidence) -> list[Verdict]:
    """The log-probability is the score."""
    rows = {row.sample_id: row for row in evidence.judgements[""]}
    return [_verdict(judge, sample, rows.get(sample.id)) for sample in group.whole_samples]


def chat_of(judge: LikelihoodJudge, group: Group, sample: Sample) -> Messages | None:
    """The chat that a sample is scored under; None where no sample of the problem was drawn as the judge asks."""
    if judge.under == "none":
        return NO_QUESTION
    if judge.under == "plain":
        return given_chat(group.problem)
    shown: Sample | None = sample
    if judge.under != "as_sampled":
        name = judge.under.removeprefix("draw:")
        shown = next((one for one in group.samples if one.draw == name), None)
    if shown is None:
        return None
    return tuple((turn.role, turn.content) for turn in shown.messages) or given_chat(group.problem)


def _asked(judge: LikelihoodJudge, groups: Sequence[Group]) -> Iterator[tuple[Group, Sample, Messages]]:
    for group in groups:
        for sample in group.whole_samples:
            if (chat := chat_of(judge, group, sample)) is not None:
                yield group, sample, chat


def _judgement(judge: LikelihoodJudge, sample: Sample, question: Scoring, answer: Score | Missing) -> Judgement:
    messages = to_messages(question.messages)
    if isinstance(answer, Missing):
        return missing_judgement(judge.name, sample, messages, answer)
    score = answer.logprob / answer.num_tokens if judge.per_token else answer.logprob
    return Judgement(judge.name, sample.problem_id, sample.id, 0, messages, "", score)


def _verdict(judge: LikelihoodJudge, sample: Sample, row: Judgement | None) -> Verdict:
    if row is None:
        note = f"no sample of the problem was drawn as '{judge.under.removeprefix('draw:')}'"
        return Verdict(sample.id, sample.problem_id, judge.name, str(Label.UNSCORED), note=note)
    if row.score is None:
        return verdict_without_score(judge.name, sample, [row], "its log-probability is not known")
    return Verdict(sample.id, sample.problem_id, judge.name, str(Label.UNSCORED), row.score)


KIND = JudgeKind(
    version=1,
    verdicts=likelihood_verdicts,
    questions=likelihood_questions,
    judgements=likelihood_judgements,
    middle=lambda judge: None,
)
