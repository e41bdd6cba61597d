"""Which samples a reader is shown: some kept ones and some of every drop reason, the same ones at every run.

Pure; called by the flow of a round, over rows streamed from files.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable

from tasks.report.rounds import SampleRow


def draw_rows(rows: Iterable[SampleRow], limit: int, seed: int = 0) -> list[SampleRow]:
    """At most `limit` rows, shared evenly between kept ones and each drop reason; kept first, then by reason.

    Each group's rows are a uniform draw by a digest of seed, problem and text, so the order of arrival does not
    matter. Holds `limit` rows of each group at a time.
    """
    heaps: dict[str, list[tuple[int, int, SampleRow]]] = {}
    for number, row in enumerate(rows):
        heap = heaps.setdefault("" if row.kept else row.reason, [])
        entry = (-_rank(row, seed), number, row)
        if len(heap) < limit:
            heapq.heappush(heap, entry)
        else:
            heapq.heappushpop(heap, entry)
    groups = [[row for _, _, row in sorted(heaps[reason], reverse=True)] for reason in sorted(heaps)]
    shares = _share_out(limit, [len(group) for group in groups])
    return [row for group, share in zip(groups, shares, strict=True) for row in group[:share]]


def _share_out(total: int, sizes: list[int]) -> list[int]:
    """Parts of `total`, as even as the sizes allow; earlier groups get what does not divide."""
    shares = [0] * len(sizes)
    while total and (open_groups := [index for index, size in enumerate(sizes) if shares[index] < size]):
        for index in open_groups[:total]:
            shares[index] += 1
            total -= 1
    return shares


def _rank(row: SampleRow, seed: int) -> int:
    text = f"{seed}\x1f{row.problem_id}\x1f{row.text}"
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8], "big")
