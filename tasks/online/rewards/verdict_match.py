"""Term `verdict_match`: whether a verdict that the policy wrote is true of the attempt before it."""

from __future__ import annotations

from configs.schema.online.rewards import VerdictMatchTerm
from tasks.core.records import Label, Part, Verdict, is_true
from tasks.online.rewards.term import ByTurn, Seen
from tasks.online.rollout import Group, attempt_before

_UNKNOWN = (Label.MISSING, Label.VERIFIER_ERROR)
"""labels that leave open what is true"""


def match_value(term: VerdictMatchTerm, said: str | None, truth: Verdict | None) -> float | None:
    """The value of one verdict; None where nobody knows what is true."""
    if truth is None or truth.label in _UNKNOWN:
        return None
    if said is None:
        return term.unparseable
    return term.right if is_true(said, truth) else term.wrong


def values(term: VerdictMatchTerm, group: Group, seen: Seen) -> list[ByTurn]:
    judge = seen.judge(term.of).name
    found: list[ByTurn] = []
    for rollout in group.rollouts:
        by_turn: dict[int, float | None] = {}
        for place, turn in enumerate(rollout.turns):
            attempt = attempt_before(rollout.turns, place)
            if turn.part == Part.VERDICT and attempt is not None:
                by_turn[place] = match_value(term, turn.said, attempt.verdicts.get(judge))
        found.append(by_turn)
    return found
