"""Which problems come together in a wave: twins, and sources by their shares."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence


def with_twins(ids: Sequence[str], twins: Mapping[str, str], num: int) -> list[str]:
    """Up to `num` problems, each followed by its twin: both, or neither.

    Args:
        ids: in order, each once.
        twins: id of a problem -> id of the one that is linked to it; problems without a twin are left out.
    """
    offered, taken = set(ids), dict[str, None]()
    for one in ids:
        other = twins.get(one)
        if other is None or other not in offered or one in taken or other in taken:
            continue
        if len(taken) + 2 > num:
            break
        taken |= dict.fromkeys((one, other))
    return list(taken)


def quotas(shares: Sequence[float], total: int) -> list[int]:
    """How many of `total` each source gives, by largest remainder; ties go to the earlier source.

    Args:
        shares: each above 0; they need not add up to 1.
    """
    whole = math.fsum(shares)
    exact = [share * total / whole for share in shares]
    floors = [math.floor(one + 1e-9) for one in exact]  # .3 of 10 is 3, whatever its float says
    ranked = sorted(range(len(shares)), key=lambda place: (-round(exact[place] - floors[place], 9), place))
    for place in ranked[: total - sum(floors)]:
        floors[place] += 1
    return floors
