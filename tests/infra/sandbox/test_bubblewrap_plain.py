"""What crosses the border of a sandbox: plain data, and nothing else."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.sandbox.bubblewrap_plain import NotPlainError, decode, encode

leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
keys = st.none() | st.booleans() | st.integers() | st.text() | st.tuples(st.integers(), st.text())
plain = st.recursive(
    leaves | st.complex_numbers(allow_nan=False) | st.sets(keys) | st.frozensets(keys),
    lambda inner: st.lists(inner) | st.dictionaries(keys, inner) | st.lists(inner).map(tuple),
    max_leaves=8,
)


@settings(max_examples=50)
@given(plain)
def test_plain_data_comes_back_as_it_was(value: Any) -> None:
    found = decode(encode(value))
    assert found == value and type(found) is type(value)


@given(st.binary() | st.text("NTFifscldtSzIor-0123456789\n").map(str.encode))
def test_any_bytes_decode_to_plain_data_or_are_refused(content: bytes) -> None:
    try:
        value = decode(content)
    except (ValueError, RecursionError):
        return
    types = (
        type(None),
        bool,
        int,
        float,
        complex,
        str,
        bytes,
        list,
        tuple,
        set,
        frozenset,
        dict,
        range,
        type(iter([])),
    )
    assert type(value) in types


def test_subclasses_travel_as_plain_values() -> None:
    class Liar(int):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = int.__hash__

    found = decode(encode([Liar(3), {Liar(4): Liar(5)}]))
    assert found == [3, {4: 5}] and type(found[0]) is int and found[0] != 7
    assert list(decode(encode(iter("ab")))) == ["a", "b"] and math.isnan(decode(encode(math.nan)))


def test_what_is_not_plain_needs_an_owner() -> None:
    with pytest.raises(NotPlainError, match="a function is not plain data"):
        encode([test_plain_data_comes_back_as_it_was])
    kept: list[Any] = []
    content = encode([print], lambda value: kept.append(value) or 7)
    assert kept == [print] and decode(content, lambda number: f"object {number}") == ["object 7"]
    with pytest.raises(ValueError, match="malformed"):
        decode(content)
