"""Filter `cap`: keep at most c samples of a problem, chosen at random (ReST-EM, arXiv 2312.06585: c = 10).

kept_i = min(m_i, c), with m_i samples of problem i left by the filters before. The paper does not say how the
choice is made. Here each sample gets the number sha256(seed, round, sample id), and the c smallest stay: uniform over
samples, the same on every machine, and a smaller cap keeps a subset of what a larger one keeps.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from configs.schema.select import Cap
from tasks.core.joined import Candidate
from tasks.core.records import DropReason
from tasks.select.filters.filter import Draw


def keep(group: Sequence[Candidate], config: Cap, draw: Draw) -> list[DropReason | None]:
    """None for the `per_problem` chosen ones."""
    if len(group) <= config.per_problem:
        return [None] * len(group)
    tickets = [_ticket(candidate.sample.id, draw) for candidate in group]
    chosen = set(sorted(range(len(group)), key=tickets.__getitem__)[: config.per_problem])
    return [None if position in chosen else DropReason.OVER_CAP for position in range(len(group))]


def _ticket(sample_id: str, draw: Draw) -> bytes:
    """A sample id begins with its problem's id, so problems draw apart."""
    return hashlib.sha256(f"cap/{draw.seed}/{draw.round}/{sample_id}".encode()).digest()
