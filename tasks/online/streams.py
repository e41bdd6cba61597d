"""Streams: from advantages of a wave to the numbers of its tokens, which are all that the learner reads beside ids.

    advantage     the unit's, of every token of its texts               policy gradients
    turn          number of the text in its row                         policy gradients with ratios of texts, ppo
    return        the text's, which the learner makes advantages of     ppo
    pool          number of the tokens that it whitens together         ppo, where credit whitens
    kl_weight     of the divergence to the reference                    all objectives that have one
    nll_weight    of the likelihood                                     raft: the best episode of a group; derived rows
    distil        of the divergence to a teacher                        sdpo (`derived/teachers.py`)
    nft_p, nft_right, nft_weight                                        nft: share of right episodes of the group
                  (clamped), 1 or 0, and the factor of the row

A token in no span of a stream takes no part in its kernel, and does not count in its divisor. A span of value 0 does.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from configs.schema.online.credit import NormaliseBy
from configs.schema.online.objectives import Nft, OnlineObjective, PolicyGradient, Ppo, Raft, Sdpo
from tasks.core.records import DropReason
from tasks.online.credit.assign import Advantage
from tasks.online.rollout import Turn
from tasks.online.schedule import Position, amount_at

Stream = Literal["advantage", "turn", "return", "pool", "kl_weight", "nll_weight", "nft_p", "nft_right", "nft_weight"]

LEAST_SHARE, MOST_SHARE = 0.02, 0.98
"""what NFT's authors clamp a group's share of right samples to"""


@dataclass(frozen=True, slots=True)
class Span:
    """One value of some tokens of a row: from `start` to before `end`."""

    row: str
    start: int
    end: int
    stream: Stream
    value: float


def mask_truncated(advantages: Sequence[Advantage], objective: OnlineObjective) -> list[Advantage]:
    """The same, with units dropped that have a truncated text, where the objective masks such."""
    if not getattr(objective, "mask_truncated", False):
        return list(advantages)
    return [
        replace(one, dropped=DropReason.TRUNCATED)
        if one.dropped is None and any(turn.is_truncated for turn in one.unit.turns)
        else one
        for one in advantages
    ]


def spans_of(advantages: Sequence[Advantage], objective: OnlineObjective, position: Position) -> list[Span]:
    """The streams of a wave.

    Args:
        advantages: of its units, in order; what is dropped has no spans.
        position: where the experiment is before the wave is trained on, for weights that change.
    """
    kept = [one for one in advantages if one.dropped is None]
    if isinstance(objective, Nft):
        streams = list(_nft(kept, objective))
    elif isinstance(objective, Raft):
        streams = list(_best(kept, objective, position))
    elif isinstance(objective, Sdpo):
        streams = []
    else:
        assert isinstance(objective, PolicyGradient)
        has_values = isinstance(objective, Ppo)
        main: Stream = "return" if has_values else "advantage"
        streams = [_span(turn, main, one.value) for one in kept for turn in one.unit.turns]
        streams += _texts(kept) if has_values or objective.ratio == "turn" else ()
    return [*streams, *_divergence(kept, objective, position)]


def pools_of(advantages: Sequence[Advantage], normalise_by: NormaliseBy) -> list[Span]:
    """The stream `pool`: all tokens together, or those of each part, in the order of the parts' names."""
    turns = [turn for one in advantages if one.dropped is None for turn in one.unit.turns]
    parts = sorted({turn.part for turn in turns}) if normalise_by == "part" else []
    if normalise_by == "none":
        return []
    return [_span(turn, "pool", float(parts.index(turn.part)) if parts else 0.0) for turn in turns]


def _span(turn: Turn, stream: Stream, value: float) -> Span:
    return Span(turn.row, turn.start, turn.end, stream, value)


def _texts(kept: Sequence[Advantage]) -> Iterator[Span]:
    """Texts of an episode are numbered from 0: whatever rows they are put into, no two of a row have one number."""
    seen: dict[str, int] = defaultdict(int)
    for one in kept:
        for turn in one.unit.turns:
            yield _span(turn, "turn", float(seen[one.unit.rollout_id]))
            seen[one.unit.rollout_id] += 1


def _by_fork(kept: Sequence[Advantage]) -> list[list[Advantage]]:
    groups: dict[str, list[Advantage]] = defaultdict(list)
    for one in kept:
        groups[one.unit.fork].append(one)
    return list(groups.values())


def _best(kept: Sequence[Advantage], objective: Raft, position: Position) -> Iterator[Span]:
    """The first of a group's best episodes, where it is good enough."""
    weight = amount_at(objective.nll_weight, position)
    for group in _by_fork(kept):
        best = max(group, key=lambda one: one.value)
        if best.value > objective.least:
            yield from (_span(turn, "nll_weight", weight) for turn in best.unit.turns)


def _nft(kept: Sequence[Advantage], objective: Nft) -> Iterator[Span]:
    for group in _by_fork(kept):
        share = sum(one.value > 0 for one in group) / len(group)
        share = min(max(share, LEAST_SHARE), MOST_SHARE)
        for one in group:
            is_right = one.value > 0
            weight = nft_weight(objective, share) * (1.0 if is_right else objective.negative_weight)
            for turn in one.unit.turns:
                yield _span(turn, "nft_p", share)
                yield _span(turn, "nft_right", float(is_right))
                yield _span(turn, "nft_weight", weight)


def nft_weight(objective: Nft, share: float) -> float:
    """Factor of a group with that share of right episodes."""
    return {"none": 1.0, "wrong_share": 1 - share, "odds": math.sqrt((1 - share) / share)}[objective.weigh]


def _divergence(kept: Sequence[Advantage], objective: OnlineObjective, position: Position) -> Iterator[Span]:
    """Of the trained texts; or, by place among the texts that the policy wrote, of these, trained or not (SCoRe holds a
    first turn where it is that way)."""
    if not objective.kl_weight_by_turn:
        own = amount_at(objective.kl_weight, position)
        yield from (_span(turn, "kl_weight", own) for one in kept for turn in one.unit.turns if own)
        return
    by_turn = objective.kl_weight_by_turn
    for texts in {one.unit.rollout_id: one.unit.written for one in kept}.values():
        for number, turn in enumerate(texts):
            own = by_turn[min(number, len(by_turn) - 1)]
            if own:
                yield _span(turn, "kl_weight", own)
