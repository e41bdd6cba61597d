"""Filter `best_share`: keep the share of the round's samples that a judge scores best.

With the `importance` judge and `lowest: true` it is the filter of IWSI, "Importance Weighting Can Help Large Language
Models Self-Improve" (arXiv 2408.09849): the share with the smallest distance to a trusted set is kept.

Of n scored samples ceil(share * n) are kept. Equal scores at the border are told apart by sha256(seed, round, sample
id), so that no problem comes first because it was drawn first. Samples without a score are dropped for what the judge
said, and are not counted in n.
"""

from __future__ import annotations

import hashlib
import math
from array import array
from collections.abc import Iterable, Sequence

from configs.schema.select import BestShare
from tasks.core.joined import Candidate
from tasks.core.records import DropReason
from tasks.select.filters.basic import without_score
from tasks.select.filters.filter import Draw, Keep


def learn(groups: Iterable[Sequence[Candidate]], config: BestShare, draw: Draw) -> Keep:
    """Reads every score, 16 bytes a sample; what it returns refuses samples beyond the border."""
    costs, tickets = array("d"), array("Q")
    for group in groups:
        for candidate in group:
            if without_score(candidate.verdict(config.judge)) is None:
                cost, ticket = _rank(candidate, config, draw)
                costs.append(cost)
                tickets.append(ticket)
    border = _border(costs, tickets, config.share)

    def keep(group: Sequence[Candidate], config: BestShare, draw: Draw) -> list[DropReason | None]:
        return [_refuse(candidate, config, draw, border) for candidate in group]

    return keep


def _refuse(candidate: Candidate, config: BestShare, draw: Draw, border: tuple[float, int]) -> DropReason | None:
    reason = without_score(candidate.verdict(config.judge))
    if reason is not None:
        return reason
    return None if _rank(candidate, config, draw) <= border else DropReason.OUTSIDE_SHARE


def _rank(candidate: Candidate, config: BestShare, draw: Draw) -> tuple[float, int]:
    """Sorts the best first; only for samples with a score."""
    score = candidate.verdict(config.judge).score
    assert score is not None
    ticket = hashlib.sha256(f"best_share/{draw.seed}/{draw.round}/{candidate.sample.id}".encode()).digest()
    return score if config.lowest else -score, int.from_bytes(ticket[:8])


def _border(costs: array[float], tickets: array[int], share: float) -> tuple[float, int]:
    """Rank of the last sample that is kept."""
    import numpy as np

    if not costs:
        return -math.inf, 0
    num_kept = math.ceil(share * len(costs) - 1e-9)
    order = np.lexsort((np.frombuffer(tickets, np.uint64), np.frombuffer(costs, np.float64)))
    last = order[max(num_kept, 1) - 1]
    return costs[last], tickets[last]
