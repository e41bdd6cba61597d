"""How many pairs of each set a mixture takes, and which.

With n_k pairs in set k and shares a_k that add up to 1

    shrink    N = floor(min_k n_k / a_k);   repeat    N = the rows that train.max_steps read

of which every set gives floor(a_k N), and the last ones one more each for the rest: 50 and 200 pairs at 0.6 and 0.4
make 49 + 34, ten steps of four 24 + 16 (CREST, arXiv 2411.06387). Which pairs, or which once more, is drawn by the
seed. Without
shares all pairs are taken. A set without pairs can hold no share: nothing is taken then.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from configs.schema.pair import Mixture
from tasks.select.filters.filter import Draw


@dataclass(frozen=True, slots=True)
class Quota:
    """What is taken of one set: every pair `times`, and those at the places of `more` once more.

    Attributes:
        num_taken: rows in all.
    """

    times: int = 1
    more: frozenset[int] = frozenset()
    num_taken: int | None = None

    def copies(self, place: int) -> int:
        """How often the pair at a place of the set is taken."""
        return self.times + (place in self.more)


def share_rows(counts: Sequence[int], shares: Sequence[float], num_rows: int | None) -> list[int]:
    """Rows of each set.

    Args:
        counts: pairs of each set.
        num_rows: of the whole; None: as many as the scarcest set allows.
    """
    if not all(counts):
        return [0] * len(counts)
    is_repeated = num_rows is not None
    if num_rows is None:
        num_rows = math.floor(min(count / share for count, share in zip(counts, shares, strict=True)) + 1e-9)
    taken = [math.floor(share * num_rows + 1e-9) for share in shares]
    for place in reversed(range(len(taken))):
        taken[place] += sum(taken) < num_rows and (is_repeated or taken[place] < counts[place])
    return taken


def make_quotas(config: Mixture, counts: Sequence[int], draw: Draw, num_rows: int | None) -> list[Quota]:
    """The quota of each set.

    Args:
        num_rows: of the whole, where pairs are repeated.
    """
    shares = [part.share for part in config.sets if part.share is not None]
    if not shares:
        return [Quota(num_taken=count) for count in counts]
    wanted = share_rows(counts, shares, num_rows)
    return [_quota(index, *sizes, draw) for index, sizes in enumerate(zip(counts, wanted, strict=True))]


def _quota(index: int, count: int, wanted: int, draw: Draw) -> Quota:
    if not count:
        return Quota(0, num_taken=0)
    times, rest = divmod(wanted, count)
    return Quota(times, frozenset(draw.random(f"mixture.{index}", "").sample(range(count), rest)), wanted)
