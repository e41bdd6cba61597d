"""Filter `balance`: as many chains of one side as of the other, or in a given ratio.

Self-rewarding correction (arXiv 2502.19613) evens out chains that begin right and chains that begin wrong, S2R (arXiv
2502.12853) those that end right and wrong, of which it cuts the wrong ones alone (`cuts: wrong`). The larger side keeps
floor(ratio x smaller side), and never fewer than the smaller: each chain has the number sha256(seed, round, sample id),
and the smallest numbers stay, as in `cap`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence

from configs.schema.select_chains import BalanceSides
from tasks.core.joined import Candidate
from tasks.core.records import DropReason
from tasks.select.filters.chains import is_right
from tasks.select.filters.filter import Draw, Keep

Tickets = dict[bool, list[bytes]]


def learn(groups: Iterable[Sequence[Candidate]], config: BalanceSides, draw: Draw) -> Keep:
    """Reads the sides of the whole round, where it is balanced as a whole."""
    limits = _limits(_tickets((one for group in groups for one in group), config, draw), config)

    def keep(group: Sequence[Candidate], config: BalanceSides, draw: Draw) -> list[DropReason | None]:
        own = _limits(_tickets(group, config, draw), config) if config.over == "problem" else limits
        return [None if _ticket(one, draw) <= own[_side(one, config)] else DropReason.UNBALANCED for one in group]

    return keep


def _side(one: Candidate, config: BalanceSides) -> bool:
    return is_right(one.attempts[0] if config.by == "first_label" else one, config.judge)


def _tickets(candidates: Iterable[Candidate], config: BalanceSides, draw: Draw) -> Tickets:
    sides: Tickets = {True: [], False: []}
    for one in candidates:
        sides[_side(one, config)].append(_ticket(one, draw))
    return sides


def _limits(sides: Tickets, config: BalanceSides) -> dict[bool, bytes]:
    """The largest ticket of each side that stays; nothing of a side that is to be empty."""
    is_wrong_alone = config.cuts == "wrong"
    smaller = len(sides[True]) if is_wrong_alone else min(map(len, sides.values()))
    fewest = max(smaller, math.floor(config.ratio * smaller + 1e-9))
    most = {True: len(sides[True]) if is_wrong_alone else fewest, False: fewest}
    return {side: sorted(own)[: most[side]][-1] if own and most[side] else b"" for side, own in sides.items()}


def _ticket(one: Candidate, draw: Draw) -> bytes:
    return hashlib.sha256(f"balance/{draw.seed}/{draw.round}/{one.sample.id}".encode()).digest()
