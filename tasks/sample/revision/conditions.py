"""Gates and stops: where a step is written, and where a chain ends. Pure.

A judge that compares with gold makes an oracle of a stop or a gate: the chain ends where a model could not know that it
should. Recipes say so by the judge's name.
"""

from __future__ import annotations

from collections.abc import Callable

from configs.schema.revision.parts import Gate, Stop
from tasks.answer.equal import clusters
from tasks.core.records import Part, Sample, Verdict
from tasks.sample.revision.chain import Chain

OpinionOf = Callable[[Sample, str | None], Verdict]
"""of an attempt, what a judge said; None: the first judge"""


def holds(gate: Gate | None, chain: Chain, opinion: OpinionOf) -> bool:
    """Whether a step is written after this chain."""
    if gate is None:
        return True
    if gate.verdict is not None:
        return chain.said == gate.verdict
    verdict = opinion(chain.attempts[-1], gate.judge)
    if gate.says:
        return verdict.label in gate.says
    if verdict.score is None:
        return False
    if gate.below is not None:
        return verdict.score < gate.below
    return gate.wrong_with_at_least is not None and 1 - verdict.score >= gate.wrong_with_at_least


def ends(stop: Stop, chain: Chain, opinion: OpinionOf) -> bool:
    """Whether a chain ends with its last text. Rules about verdicts look at verdicts alone, the others at attempts."""
    if stop.verdict is not None:
        return chain.tip.part == Part.VERDICT and chain.said == stop.verdict
    if chain.tip.part != Part.ATTEMPT:
        return False
    if stop.judge is not None:
        return opinion(chain.tip, stop.judge).label in stop.says
    before = chain.attempts[-2] if len(chain.attempts) > 1 else None
    return before is not None and _repeats(stop, before, chain.tip, opinion)


def _repeats(stop: Stop, before: Sample, now: Sample, opinion: OpinionOf) -> bool:
    if stop.same == "text":
        return now.text.strip() == before.text.strip()
    if stop.same == "answer":
        first, second = clusters([opinion(before, None).answer, opinion(now, None).answer])
        return first is not None and first == second
    score, score_before = opinion(now, stop.no_gain).score, opinion(before, stop.no_gain).score
    return score is None or (score_before is not None and score <= score_before)
