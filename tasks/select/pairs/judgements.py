"""Pairs `judgements`: of what a judging model said of one sample, what was right over what was wrong.

"Self-rationalization improves LLM as a fine-grained judge" (arXiv 2410.05495) and the rule of trained critics in
general: a judgement is right where its score agrees with what a trusted judge says of the sample. A row is the judge's
own prompt and two of its texts, and so it trains whoever judges: the policy, or a role that learns.

Where this differs from the paper: which pairs are made there is told in words only; here all right against wrong
judgements of a sample, of which `per_sample` are drawn. A sample that the trusted judge gives no score, and a judgement
that the model did not write, take no part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from configs.schema.pair import Judgements
from tasks.core.joined import Candidate
from tasks.core.records import Judgement, Label, Pair, Verdict, judgement_id, written
from tasks.select.filters.filter import Draw
from tasks.select.pairs.choice import NoPair


def make(group: Sequence[Candidate], config: Judgements, draw: Draw) -> list[Pair] | NoPair:
    """Up to `per_sample` pairs of each sample, in the order of the judgements; no combination twice."""
    judged = [(one, [row for row in one.judgements if row.judge == config.judge]) for one in group]
    if not any(rows for _, rows in judged):
        return NoPair.NO_JUDGEMENTS
    pairs = [pair for one, rows in judged for pair in _of_sample(one, rows, config, draw)]
    return pairs or NoPair.ONE_SIDED


def _of_sample(one: Candidate, rows: Sequence[Judgement], config: Judgements, draw: Draw) -> Iterator[Pair]:
    trusted = one.verdict(config.label)
    said = [(row, is_right(row, trusted, config)) for row in rows if row.missing is None and row.text]
    right, wrong = ([row for row, verdict in said if verdict is wanted] for wanted in (True, False))
    total = len(right) * len(wrong)
    numbers = draw.random("judgements", one.sample.id)
    for number in sorted(numbers.sample(range(total), min(total, config.per_sample or total))):
        better, worse = right[number // len(wrong)], wrong[number % len(wrong)]
        yield Pair(
            one.problem.id, better.messages, written(better.text), written(worse.text), judgement_id(better),
            judgement_id(worse), role="judge",
        )  # fmt: skip


def is_right(row: Judgement, trusted: Verdict, config: Judgements) -> bool | None:
    """Whether a judgement agrees with the trusted one; None where that cannot be said, or it is neither."""
    if trusted.score is None:
        return None
    if row.score is None:
        return False if config.unparseable == "rejected" else None
    if config.rule == "side":
        assert config.cut is not None, "the section was checked for it"
        if trusted.label not in (Label.CORRECT, Label.WRONG):
            return None
        return (row.score >= config.cut) == (trusted.label == Label.CORRECT)
    distance = abs(row.score - trusted.score)
    if config.rule == "gap":
        return distance < config.gap
    return True if distance == 0 else False if distance >= config.gap else None
