"""Curriculum `vote_share`: of the groups drawn together, those that agree most are trained on. SRT, arXiv 2505.21444.

Where this differs from the paper: the authors put problems with gold answers first; here all are treated alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from configs.schema.online.waves import VoteShare
from tasks.core.records import DropReason, Label
from tasks.online.settle import Rated


def drop_few_votes(curriculum: VoteShare, judge: str, drawn: Sequence[Rated]) -> list[Rated]:
    """The groups, those outside of the share that is kept with a reason why they are not trained on.

    Args:
        judge: name of the vote judge.
        drawn: groups that were drawn together. Of equal ones the earlier are kept.
    """
    kept = set(largest_votes([majority_share(one, judge) for one in drawn], curriculum.keep))
    return [
        one if place in kept or one.reason else replace(one, reason=str(DropReason.FEW_VOTES))
        for place, one in enumerate(drawn)
    ]


def largest_votes(shares: Sequence[float], keep: float) -> list[int]:
    """Places of the groups with the largest majorities, in their order: `keep` of them, rounded, and at least one.

    Args:
        shares: of each group's samples, those with the majority's answer. Ties go to the earlier group.
    """
    num = max(1, int(keep * len(shares) + 0.5)) if shares else 0
    ranked = sorted(range(len(shares)), key=lambda place: (-shares[place], place))
    return sorted(ranked[:num])


def majority_share(one: Rated, judge: str) -> float:
    """Share of the votes that the majority has; 0 of a tie, which has none, and of a group without answers."""
    own = [row for row in one.drawn.verdicts if row.judge == judge and row.label == Label.CORRECT]
    return max((row.score for row in own if row.score is not None), default=0.0)
