"""In which order a run of segments draws its problems. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from tasks.core.records import Problem
from tasks.core.step import derive_seed


@lru_cache(maxsize=4)
def _shuffled(ids: tuple[str, ...], seed: int, turn: int) -> tuple[int, ...]:
    return tuple(sorted(range(len(ids)), key=lambda place: (derive_seed(seed, "order", turn, ids[place]), place)))


def problems_from(problems: Sequence[Problem], seed: int, position: int) -> Iterator[Problem]:
    """Problems without end, from a position on: all of them in one order, then all in another, and so on."""
    ids = tuple(problem.id for problem in problems)
    while True:
        turn, place = divmod(position, len(ids))
        yield problems[_shuffled(ids, seed, turn)[place]]
        position += 1
