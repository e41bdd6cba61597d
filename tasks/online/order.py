"""In which order a run of segments draws its problems. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from tasks.core.records import Problem
from tasks.core.step import derive_seed


@lru_cache(maxsize=4)
def _order(ids: tuple[str, ...], seed: int, turn: int) -> tuple[int, ...]:
    return tuple(sorted(range(len(ids)), key=lambda place: (derive_seed(seed, "order", turn, ids[place]), place)))


def problems_from(problems: Sequence[Problem], seed: int | None, place: int) -> Iterator[Problem]:
    """Problems without end, from a place on: all of them in one order, then all in another, and so on.

    Args:
        seed: None: always in the order that they have.
    """
    ids = tuple(problem.id for problem in problems)
    while True:
        turn, own = divmod(place, len(ids))
        yield problems[own if seed is None else _order(ids, seed, turn)[own]]
        place += 1
