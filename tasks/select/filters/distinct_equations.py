"""Filter `distinct_equations`: of the samples of a problem with the same equations keep one.

"Scaling Relationship on Learning Mathematical Reasoning with Large Language Models" (RFT, arXiv 2308.01825).
An equation lhs=rhs holds where |lhs - rhs| < tolerance; a sample with one that does not hold is dropped. The key of a
sample is its equations without white space, in order. Samples arrive in order of their index; of two with the same key
stays the one whose summed Levenshtein distance to the samples kept under other keys so far is larger.

Where the code differs from the official code:
1. Arithmetic is read by `equations.py`, which knows + - * / // ( ) and numbers; what it cannot read does not hold.
2. On equal sums the earlier sample stays.
Samples without equations share the empty key: one of them is kept.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from configs.schema.select import DistinctEquations
from tasks.core.joined import Candidate
from tasks.core.records import DropReason
from tasks.select.filters.edit_distance import edit_distance
from tasks.select.filters.equations import find_equations, holds
from tasks.select.filters.filter import Draw


def keep(group: Sequence[Candidate], config: DistinctEquations, draw: Draw) -> list[DropReason | None]:
    """wrong_equation, same_equations, or None for the one kept of each key."""
    pattern = re.compile(config.pattern)
    keys = [find_equations(candidate.sample.text, pattern) for candidate in group]
    reasons: list[DropReason | None] = [DropReason.SAME_EQUATIONS] * len(group)
    valid = []
    for position, key in enumerate(keys):
        if all(holds(equation, config.tolerance) for equation in key):
            valid.append(position)
        else:
            reasons[position] = DropReason.WRONG_EQUATION
    for position in _distinct(valid, keys, [candidate.sample.text for candidate in group]):
        reasons[position] = None
    return reasons


def _distinct(positions: Sequence[int], keys: Sequence[tuple[str, ...]], texts: Sequence[str]) -> list[int]:
    """Positions of the samples that stay, one a key."""
    distance = cache(edit_distance)

    def total(text: str, others: Sequence[str]) -> int:
        return sum(distance(min(text, other), max(text, other)) for other in others)

    kept: dict[tuple[str, ...], int] = {}
    for position in positions:
        key = keys[position]
        others = [texts[other] for other_key, other in kept.items() if other_key != key]
        if key not in kept or total(texts[position], others) > total(texts[kept[key]], others):
            kept[key] = position
    return list(kept.values())
