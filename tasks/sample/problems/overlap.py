"""No problem, and no id, in two sets that have to be apart. Called by `run.py` for all sets together."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations, product

from configs.errors import ProblemsError
from configs.schema.problems import SETS
from tasks.sample.problems.reading import Rows
from tasks.sample.problems.sets import OWN_IDS, quote

SETS_APART = "take the rows apart with start and limit, or remove the problem from one of the two"


def check_sets(sets: Mapping[str, Rows], worked: Mapping[str, Rows], asked: Mapping[str, Rows]) -> None:
    """Nothing, where no problem is in two sets that have to be apart: the three, and what is trained on or shown from
    what is measured.

    Args:
        sets: train, select and report.
        worked: warm starts and examples to be shown, by the set's name.
        asked: sets that models are asked beside the held-out ones, by name.

    Raises:
        ProblemsError: a problem, or an id, is in two sets; names it, both sets and both places, and says how many.
    """
    every = {**sets, **worked, **asked}
    for first, second in combinations(SETS, 2):
        _check_apart(first, second, every)
        _check_ids(first, second, every)
    for pair in (*product(worked, ("select", "report")), *product(("train", *worked), asked)):
        _check_apart(*pair, every)


def _check_apart(first: str, second: str, sets: Mapping[str, Rows]) -> None:
    shared, found = 0, (0, 0)
    for there, digest in enumerate(sets[second].keys_of("digest")):
        here = sets[first].find("digest", digest)
        if here is not None:
            found = found if shared else (here, there)
            shared += 1
    if not shared:
        return
    mine, other = (sets[name][place].problem for name, place in zip((first, second), found, strict=True))
    count = "1 problem is" if shared == 1 else f"{shared} problems are"
    raise ProblemsError(
        f"{count} in both {first} and {second}: {quote(mine)}, number {found[0]} of {first} "
        f"(id {mine.id}), number {found[1]} of {second} (id {other.id}), counting from 0",
        SETS_APART,
    )


def _check_ids(first: str, second: str, sets: Mapping[str, Rows]) -> None:
    for there, id in enumerate(sets[second].keys_of("id")):
        here = sets[first].find("id", id)
        if here is not None:
            raise ProblemsError(
                f"two problems have the id '{id}': number {here} of {first} and "
                f"number {there} of {second}, counting from 0",
                OWN_IDS,
            )
