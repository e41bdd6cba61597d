"""Which drawn groups a wave trains on, and whether others are drawn (dynamic sampling, DAPO, arXiv 2503.14476)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum


class Next(StrEnum):
    """What follows on a draw."""

    TRAIN = "train"
    """the wave is full, or as full as it gets and full enough"""
    DRAW = "draw"
    """further groups are drawn"""
    NO_SIGNAL = "no_signal"
    """too few groups teach anything: the segment ends"""


def fill(teaching: Sequence[bool], wanted: int) -> list[int]:
    """Places of the groups that are trained on: the first that teach something, in the order of their requests. Others
    that teach found the wave full: they are published, and not trained on.

    Args:
        teaching: of all groups drawn so far; with `flat_groups: keep` all are True.
    """
    return [place for place, is_teaching in enumerate(teaching) if is_teaching][:wanted]


def after_draw(num_teaching: int, wanted: int, extra_draws: int, max_extra: int, min_share: float) -> Next:
    """What follows, with so many groups that teach.

    Args:
        extra_draws: draws after the wave's first so far.
    """
    if num_teaching >= wanted:
        return Next.TRAIN
    if extra_draws < max_extra:
        return Next.DRAW
    return Next.TRAIN if num_teaching >= max(1, math.ceil(min_share * wanted)) else Next.NO_SIGNAL


def chance_to_teach(pass_rate: float, group_size: int) -> float:
    """Chance that a group has right and wrong members: 1 - p^G - (1 - p)^G."""
    return 1 - pass_rate**group_size - (1 - pass_rate) ** group_size
