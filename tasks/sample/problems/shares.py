"""Whole numbers by shares, one source split into the three sets, and several mixed into one. Pure.

Called by `run.py` and `sources.py`.
"""

from __future__ import annotations

import hashlib
import heapq
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from configs.errors import ProblemsError
from tasks.sample.problems.reading import Read, Rows, spool_rows


def apportion(total: int, shares: Mapping[str, float]) -> dict[str, int]:
    """Whole numbers that add up to a total, by shares: the largest remainders are rounded up. None is 0 where the total
    is enough for all."""
    counts = {name: math.floor(total * share + 1e-9) for name, share in shares.items()}
    by_remainder = sorted(shares, key=lambda name: counts[name] - total * shares[name])
    for name in by_remainder[: total - sum(counts.values())]:
        counts[name] += 1
    for name in [name for name, count in counts.items() if count == 0]:
        largest = max(counts, key=lambda other: counts[other])
        if counts[largest] > 1:
            counts[largest] -= 1
            counts[name] += 1
    return counts


def split_rows(
    rows: Sequence[Read], shares: Mapping[str, float], seed: int | None, source: str, field: str | None
) -> dict[str, Rows]:
    """Rows of one source as sets, in the order of the source; rows of one group lie in one set.

    A digest of the seed and of the group, or of the chat where there is no group, puts the groups in an order, which is
    cut by the shares. A group that is larger than the smallest set goes into the largest.

    Args:
        shares: of each set; they add up to 1.
        source, field: names of the source and of the field of groups, for messages.

    Raises:
        ProblemsError: a group does not fit, or a set gets no row.
    """
    groups = Counter(_group(row, field) for row in rows)
    room = apportion(len(rows), shares)
    largest, smallest = max(room, key=lambda name: room[name]), min(room.values())
    set_of: dict[str, str] = {}
    for group, size in groups.items():
        if size > max(1, smallest):
            set_of[group] = largest
            room[largest] -= size
            if room[largest] < 0:
                first = next(row for row in rows if _group(row, field) == group)
                raise _too_large(first, size, len(rows), source, field, apportion(len(rows), shares), largest)
    set_of |= _cut([group for group in groups if group not in set_of], groups, room, seed)
    sets = {name: spool_rows() for name in shares}
    for row in rows:
        sets[set_of[_group(row, field)]].add(row)
    if empty := [name for name, members in sets.items() if not members]:
        told = f"{len(rows):,} rows in {len(groups):,} groups of '{field}'" if field else f"{len(rows):,} rows"
        raise ProblemsError(
            f"{source}: {told} cannot be split by shares: {', '.join(empty)} would get none",
            f"give {empty[0]} a larger share, or more rows" + (", or leave group out" if field else ""),
        )
    return sets


def _group(row: Read, field: str | None) -> str:
    return row.group if field else row.digest


def _cut(names: Sequence[str], groups: Mapping[str, int], room: Mapping[str, int], seed: int | None) -> dict[str, str]:
    """The set of each group: where the middle of the group lies, in the order of digests."""
    found, end, done = {}, 0, 0
    ends = [(name, end := end + size) for name, size in room.items()]
    for name in sorted(names, key=lambda one: hashlib.sha256(f"{seed or 0} {one}".encode()).digest()):
        middle = done + groups[name] / 2
        found[name] = next((part for part, border in ends if middle < border), ends[-1][0])
        done += groups[name]
    return found


def _too_large(
    first: Read, size: int, total: int, source: str, field: str | None, sizes: Mapping[str, int], largest: str
) -> ProblemsError:
    smaller = min(sizes, key=lambda name: sizes[name])
    return ProblemsError(
        f"{source}: the group {field} = {first.group!r} has {size} rows ({first.label} is the first), more than "
        f"the set {smaller} ({sizes[smaller]} of {total} rows), and {largest} ({sizes[largest]}) has no room",
        f"give {' or '.join(dict.fromkeys((smaller, largest)))} a larger share, or leave group out",
    )


def mix_rows(
    parts: Sequence[Sequence[Read]], shares: Sequence[float], total: int | None, names: Sequence[str]
) -> Iterator[Read]:
    """The first rows of each part, by shares, alternating so that any stretch of them has the shares too.

    Args:
        total: how many; None: as many as the shares allow.
        names: of the parts, for messages.

    Raises:
        ProblemsError: a part has fewer than its share of the total.
    """
    by_place = {str(place): share for place, share in enumerate(shares)}
    wanted = total or min(math.floor(len(part) / share + 1e-9) for part, share in zip(parts, shares, strict=True))
    counts = [apportion(wanted, by_place)[str(place)] for place in range(len(parts))]
    if total is None:
        counts = [min(count, len(part)) for count, part in zip(counts, parts, strict=True)]
    for name, part, count, share in zip(names, parts, counts, shares, strict=True):
        if len(part) < count:
            possible = min(math.floor(len(one) / other) for one, other in zip(parts, shares, strict=True))
            raise ProblemsError(
                f"mixture: {name} has {len(part):,} problems, and its share {share:g} of num_problems: {wanted:,} is "
                f"{count:,}",
                f"write num_problems: {possible} or fewer, or other shares",
            )
    placed = [_at_distances(place, part, count) for place, (part, count) in enumerate(zip(parts, counts, strict=True))]
    return (row for _, _, row in heapq.merge(*placed, key=lambda item: item[:2]))


def _at_distances(place: int, part: Sequence[Read], count: int) -> Iterator[tuple[float, int, Read]]:
    """So many rows of a part, at equal distances between 0 and 1."""
    return (((number + 0.5) / count, place, row) for number, row in enumerate(islice(part, count)))
