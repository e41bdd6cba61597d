"""Episodes and groups for the tests of this room, from a few numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from configs.schema.judges.by_rule import AnswerJudge, VoteJudge
from configs.schema.judges.kinds import Judge
from configs.schema.judges.opinions import RubricJudge
from configs.schema.online.credit import SettledCredit
from configs.schema.online.rewards import RewardTerm
from tasks.core.records import Label, Verdict
from tasks.online.credit.assign import Judged, assign
from tasks.online.credit.baseline import Remembered
from tasks.online.reward import Rewarded, reward_group, value_group
from tasks.online.rollout import Group, Rollout, Turn
from tasks.online.schedule import Position

JUDGES: dict[str, Judge] = {judge.name: judge for judge in (AnswerJudge(), RubricJudge(), VoteJudge())}


def verdict(score: float | None, label: str | None = None, judge: str = "answer") -> Verdict:
    """Of a score alone: correct above 0, wrong at 0."""
    told = label or (Label.CORRECT if score else Label.WRONG)
    return Verdict("s", "p", judge, told, score)


def attempt(score: float | None = None, label: str | None = None, judge: str = "answer", **fields: Any) -> Turn:
    """An attempt that the judge gives a score, or a label; without either it is not judged."""
    is_judged = score is not None or label is not None
    verdicts = {judge: verdict(score, label, judge)} if is_judged else {}
    is_right = None if not is_judged else verdicts[judge].label == Label.CORRECT
    return Turn(**{"sample_id": "s", "part": "attempt", "row": "r", "start": 0, "end": 1, "verdicts": verdicts,
                   "is_right": is_right, **fields})  # fmt: skip


def said(word: str | None, **fields: Any) -> Turn:
    """A verdict that the policy wrote."""
    return Turn(**{"sample_id": "s", "part": "verdict", "row": "r", "start": 1, "end": 2, "said": word, **fields})


def critique(text: str, **fields: Any) -> Turn:
    """Words about the attempt before."""
    return Turn(**{"sample_id": "s", "part": "critique", "row": "r", "start": 1, "end": 2, "text": text, **fields})


def rollout(*turns: Turn, name: str = "e", **fields: Any) -> Rollout:
    return Rollout(name, "p", turns, **fields)


def group(*rollouts: Rollout) -> Group:
    return Group("f", rollouts)


def values_of(terms: Sequence[RewardTerm], *rollouts: Rollout) -> list[dict[int, Any]]:
    """Values of the last term."""
    found = value_group(terms, group(*rollouts), JUDGES)
    return [dict(by_turn) for by_turn in found[terms[-1].name]]


def rewards_of(terms: Sequence[RewardTerm], *rollouts: Rollout, at: Position | None = None) -> list[Rewarded]:
    whole = group(*rollouts)
    return reward_group(terms, whole, value_group(terms, whole, JUDGES), at or Position())


def rewarded(
    *rewards: float | None,
    name: str = "e",
    turns: Sequence[Turn] = (),
    terms: Mapping[str, Sequence[float | None]] | None = None,
    tags: Mapping[str, str] | None = None,
) -> Rewarded:
    """An episode with rewards of its texts, each an attempt unless `turns` says what it is."""
    texts = turns or [attempt(row=name, start=place, end=place + 1) for place in range(len(rewards))]
    by_term = {term: tuple(values) for term, values in (terms or {"judge": rewards}).items()}
    return Rewarded(Rollout(name, "p", tuple(texts), tags or {}), by_term, rewards)


def judged(*returns: float | None, fork: str = "f") -> Judged:
    """A group of one-text episodes."""
    return Judged(fork, tuple(rewarded(one, name=f"{fork}{place}") for place, one in enumerate(returns)))


def credit(**fields: Any) -> SettledCredit:
    return SettledCredit(**{"baseline": "mean", "scale": "none", "normalise_by": "none", **fields})


def advantages(settings: SettledCredit, *groups: Judged) -> list[float]:
    found, _ = assign(settings, groups, Remembered())
    return [one.value for one in found]
