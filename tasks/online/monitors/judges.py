"""What judges say in a wave, whether a reward reads them or not: a judge that none reads is an anchor."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from configs.schema.judges.kinds import Judge
from tasks.core.records import Label, Verdict
from tasks.online.credit.numbers import mean
from tasks.online.monitors.wave import Numbers, share


def judge_numbers(judges: Sequence[Judge], groups: Sequence[Sequence[Verdict]]) -> Numbers:
    """judged_NAME: mean score of each judge's verdicts that have one. judge_entropy: nats of the scores of the first
    judge that asks a model; near 0 it says the same of all.

    Args:
        groups: verdicts of each problem.
    """
    numbers: Numbers = {}
    for judge in judges:
        scores = [row.score for group in groups for row in group if row.judge == judge.name and row.score is not None]
        numbers[f"judged_{judge.name}"] = mean(scores) if scores else None
        if judge.passes and "judge_entropy" not in numbers:
            numbers["judge_entropy"] = entropy(scores)
    return numbers


def vote_numbers(judges: Sequence[Judge], groups: Sequence[Sequence[Verdict]]) -> Numbers:
    """labelled_share: groups whose vote has a single winner. pseudo_label_accuracy: of those, the ones whose winner is
    right by the judge that reads gold."""
    voter = next((judge.name for judge in judges if judge.kind == "vote"), None)
    if voter is None:
        return {}
    winners = [
        {row.sample_id for row in group if row.judge == voter and row.label == Label.CORRECT} for group in groups
    ]
    numbers: Numbers = {"labelled_share": share(bool(one) for one in winners)}
    knower = next((judge.name for judge in judges if judge.reads_gold), None)
    if knower is None:
        return numbers
    right = [{row.sample_id for row in group if row.judge == knower and row.label == Label.CORRECT} for group in groups]
    labelled = zip(winners, right, strict=True)
    return {**numbers, "pseudo_label_accuracy": share(bool(one & good) for one, good in labelled if one)}


def entropy(scores: Sequence[float]) -> float | None:
    """Of the values that were given, in nats; None of none."""
    counts = Counter(scores)
    return -math.fsum(n / len(scores) * math.log(n / len(scores)) for n in counts.values()) + 0.0 if scores else None
