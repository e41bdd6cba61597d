"""Judge `implicit`: the reward that a DPO-trained model implies. "Bootstrapping Language Models with DPO Implicit
Rewards" (DICE), arXiv 2406.09760. Pure.

s(y) = logp_model(y) - logp_reference(y), sums over the tokens of y and its end token; `per_token`: means.

Where this differs from the paper:
1. Filters by length and finish belong to select, and the length penalty to pair.
2. What was given to the model (a sample's prefix) is not scored.

Two models take two passes; each pass stores one row a sample whose score is that model's log-probability.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from configs.errors import RecipeError
from configs.schema.judges.kinds import ImplicitJudge
from infra.engines.questions import Score
from tasks.core.joined import Group
from tasks.core.records import Judgement, Label, Sample, Verdict
from tasks.core.refs import ModelRef
from tasks.judge.kind import Evidence, JudgeKind, verdict_without_score
from tasks.judge.kinds.questions import measurements, score_samples


def implicit_judgements(
    judge: ImplicitJudge, groups: Sequence[Group], questions: Sequence[Any], answers: Sequence[Any]
) -> list[Judgement]:
    """One row a sample: its log-probability, summed or per token, natural logarithm; the same in both passes."""

    def number(answer: Score) -> float:
        return answer.logprob / answer.num_tokens if judge.per_token else answer.logprob

    return measurements(judge, groups, questions, answers, number)


def implicit_verdicts(judge: ImplicitJudge, group: Group, evidence: Evidence) -> list[Verdict]:
    """The model's log-probability, less the reference's; missing where one of them is."""
    own, reference = ({row.sample_id: row for row in evidence.judgements[name]} for name in ("", "reference"))
    return [_verdict(judge.name, sample, own[sample.id], reference[sample.id]) for sample in group.whole_samples]


def _verdict(judge: str, sample: Sample, own: Judgement, reference: Judgement) -> Verdict:
    if own.score is None or reference.score is None:
        without = [row for row in (own, reference) if row.score is None]
        return verdict_without_score(judge, sample, without, "its log-probability is not known")
    return Verdict(sample.id, sample.problem_id, judge, str(Label.UNSCORED), own.score - reference.score)


def refuse_itself(judge: ImplicitJudge, players: Mapping[str, ModelRef | None]) -> None:
    """Compared with itself, every score of a model would be zero, and none of them would mean anything.

    Raises:
        RecipeError: the model is its own reference.
    """
    player, reference = players[""], players.get("reference")
    if player is not None and reference is not None and player.digest == reference.digest:
        raise RecipeError(
            f"judge '{judge.name}': its model ({judge.frozen}) and its reference ({judge.reference}) are both "
            f"'{player.name}' here, so that every score would be 0",
            "write reference: base or seed, whichever another model was trained from, or kind: likelihood",
        )


KIND = JudgeKind(
    version=2,
    verdicts=implicit_verdicts,
    questions=score_samples,
    judgements=implicit_judgements,
    check_models=refuse_itself,
    middle=lambda judge: 0.0,  # a difference: which model likes it more
)
