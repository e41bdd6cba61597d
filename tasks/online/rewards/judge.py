"""Term `judge`: what a judge says of an attempt."""

from __future__ import annotations

from collections.abc import Sequence

from configs.schema.online.rewards import JudgeTerm
from tasks.core.records import Label, Verdict
from tasks.online.rewards.term import ByTurn, Seen
from tasks.online.rollout import Group

BY_RULE: dict[str, float] = {Label.CORRECT: 1.0, Label.WRONG: 0.0, Label.UNPARSEABLE: 0.0, Label.TRUNCATED: 0.0}
"""Values where a judge by rule gives no score: that no answer is in the text is the text's own fault, an error of the
verifier or a missing answer of an endpoint is not."""


def judge_value(term: JudgeTerm, verdict: Verdict | None, by_rule: bool) -> float | None:
    """The value of one attempt.

    Args:
        by_rule: whether the judge is one, so that what cannot be read is bad and not missing.
    """
    if verdict is None:
        return None
    if term.values is not None:
        return next((value for label, value in term.values.items() if label == verdict.label), None)
    if verdict.score is None and by_rule:
        return BY_RULE.get(verdict.label)
    return verdict.score


def values(term: JudgeTerm, group: Group, seen: Seen) -> list[ByTurn]:
    judge = seen.judge(term.of)
    by_rule = judge.rule is not None
    return [
        {place: judge_value(term, rollout.turns[place].verdicts.get(judge.name), by_rule)
         for place in _chosen(term, rollout.attempts)}
        for rollout in group.rollouts
    ]  # fmt: skip


def _chosen(term: JudgeTerm, attempts: Sequence[int]) -> Sequence[int]:
    return {"all": attempts, "first": attempts[:1], "last": attempts[-1:]}[term.attempts]
