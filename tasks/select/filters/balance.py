"""Filter `balance`: as many chains of one side as of the other, or in a given ratio.

Self-rewarding correction (arXiv 2502.19613) evens out chains that begin right and chains that begin wrong, S2R (arXiv
2502.12853) those that end right and wrong, of which it cuts the wrong ones alone (`cuts: wrong`); judges that are
trained (Self-Rationalization, arXiv 2410.05495) see every gold score alike. A larger side keeps floor(ratio x smallest
side), and never fewer than the smallest. SCORE (arXiv 2404.17140) wants a share r of rows on right answers beside m on
wrong ones, floor(m r / (1 - r)) of them: `cuts: right` with the ratio r / (1 - r). Each chain has the number
sha256(seed, round, sample id), and the smallest numbers stay, as in `cap`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Hashable, Iterable, Sequence

from configs.schema.select_chains import BalanceSides
from tasks.core.joined import Candidate
from tasks.core.records import DropReason, Part
from tasks.select.filters.chains import is_right
from tasks.select.filters.filter import Draw, Keep

Tickets = dict[Hashable, list[bytes]]
_LABELS = ("first_label", "ends_right", "parent_label")


def learn(groups: Iterable[Sequence[Candidate]], config: BalanceSides, draw: Draw) -> Keep:
    """Reads the sides of the whole round, where it is balanced as a whole."""
    limits = _limits(_tickets((one for group in groups for one in group), config, draw), config)

    def keep(group: Sequence[Candidate], config: BalanceSides, draw: Draw) -> list[DropReason | None]:
        own = _limits(_tickets(group, config, draw), config) if config.over == "problem" else limits
        return [
            None if _ticket(one, draw) <= own.get(_side(one, config), b"") else DropReason.UNBALANCED for one in group
        ]

    return keep


def _side(one: Candidate, config: BalanceSides) -> Hashable:
    """The side that a chain is on; None for none."""
    if config.by == "gold":
        return one.problem.gold
    if config.by == "draw":
        return one.sample.draw
    if config.by == "verdict":
        said = [text.sample.said for text in one.whole_chain if text.sample.part == Part.VERDICT]
        return said[-1] if said else None
    if config.by == "parent_label" and len(one.attempts) == 1:
        return None
    place = {"first_label": 0, "ends_right": -1, "parent_label": -2}[config.by]
    return is_right(one.attempts[place], config.judge)


def _tickets(candidates: Iterable[Candidate], config: BalanceSides, draw: Draw) -> Tickets:
    """Numbers of the chains of each side; a side of labels may be empty, others are those that there are."""
    sides: Tickets = {True: [], False: []} if config.by in _LABELS else {}
    for one in candidates:
        if (side := _side(one, config)) is not None:
            sides.setdefault(side, []).append(_ticket(one, draw))
    return sides


def _limits(sides: Tickets, config: BalanceSides) -> dict[Hashable, bytes]:
    """The largest ticket of each side that stays; nothing of a side that is to be empty."""
    most: dict[Hashable, int]
    if config.cuts == "larger":
        smallest = min(map(len, sides.values()), default=0)
        most = dict.fromkeys(sides, max(smallest, math.floor(config.ratio * smallest + 1e-9)))
    else:
        stays = config.cuts == "wrong"
        most = {stays: len(sides[stays]), not stays: math.floor(config.ratio * len(sides[stays]) + 1e-9)}
    return {side: sorted(own)[: most[side]][-1] if own and most[side] else b"" for side, own in sides.items()}


def _ticket(one: Candidate, draw: Draw) -> bytes:
    return hashlib.sha256(f"balance/{draw.seed}/{draw.round}/{one.sample.id}".encode()).digest()
