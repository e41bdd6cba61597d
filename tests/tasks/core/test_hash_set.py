"""A compact set of hashes holds what Python's own holds."""

from __future__ import annotations

import random

import pytest

from tasks.core import hash_set
from tasks.core.hash_set import HashSet


@pytest.mark.parametrize("num_recent", [1, 7, 1 << 16])
def test_it_holds_what_was_put_in_and_nothing_else(num_recent: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hash_set, "NUM_RECENT", num_recent)
    draw, found, known = random.Random(num_recent), HashSet(), set[int]()
    for _ in range(2000):
        one = hash((draw.randrange(700), "a"))
        assert found.add(one) is (one not in known)
        known.add(one)
    assert len(found) == len(known) and all(one in found for one in known)
    assert not any(hash((number, "b")) in found for number in range(700))
    for border in (-(1 << 63), (1 << 63) - 1):
        assert found.add(border) and not found.add(border)
