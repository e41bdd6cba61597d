"""Arithmetic of other people's texts, and the distance between texts."""

from __future__ import annotations

import re
from functools import cache

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tasks.select.filters.edit_distance import edit_distance
from tasks.select.filters.equations import evaluate, find_equations, holds


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("2+3*4", 14),
        ("(2+3)*4", 20),
        ("10-4-3", 3),
        ("24/4/2", 3),
        ("7//2", 3),
        ("7//2*2+1", 7),
        ("-7//2", -4),
        ("20//(3+4)", 2),
        ("7.5//2", 3),
        ("7//0", None),
        ("7///2", None),
        ("//2", None),
        ("7/ /2", None),
        ("-3+5", 2),
        ("2*-3", -6),
        ("+.5", 0.5),
        ("7.", 7),
        ("((1))", 1),
        ("", None),
        ("2+", None),
        ("(2", None),
        ("2)", None),
        ("1/0", None),
        ("2**3", None),
        ("1e3", None),
        ("1.2.3", None),
        ("2 3", None),
        ("x", None),
        ("__import__('os')", None),
        ("\u0663", None),
        ("(" * 100_000, None),
        ("-" * 100_000 + "1", None),
    ],
)
def test_expressions(expression: str, value: float | None) -> None:
    assert evaluate(expression) == value


numbers = st.integers(0, 99).map(str)
expressions = st.recursive(
    numbers,
    lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map("".join) | inner.map(lambda text: f"({text})"),
    max_leaves=12,
)


@given(expressions)
def test_expressions_have_the_value_python_gives_them(expression: str) -> None:
    assert evaluate(expression) == eval(expression, {"__builtins__": {}})


@pytest.mark.parametrize(
    ("equation", "is_true"),
    [
        ("10/3=3.333", True),
        ("10/3=3.33", False),
        ("9*2=19", False),
        ("1+1=2=2.0005", True),
        ("1+1=2=3", False),
        ("7", False),
        ("=7", False),
        ("7=", False),
        (f"{'9' * 400}=1", False),
        (f"{'9' * 400}={'9' * 400}", False),
    ],
)
def test_equations_hold_within_the_tolerance(equation: str, is_true: bool) -> None:
    assert holds(equation, 1e-3) is is_true


def test_equations_are_found_by_the_patterns_first_group() -> None:
    text = "a <<3 + 4 = 7>> b <<7*2=14>>"
    assert find_equations(text, re.compile("<<([^<>]*)>>")) == ("3+4=7", "7*2=14")
    assert find_equations(text, re.compile(r"\d\*\d=\d+")) == ("7*2=14",)
    assert find_equations("none", re.compile("<<([^<>]*)>>")) == ()


@pytest.mark.parametrize(
    ("first", "second", "distance"),
    [
        ("kitten", "sitting", 3),
        ("7*2=14 so 14", "3+4=7 so 7", 7),
        ("7*2=14 so 14", "2*7=14 so 14", 2),
        ("First 7*2=14, hence 14", "3+4=7 so 7", 19),
        ("First 7*2=14, hence 14", "2*7=14 so 14", 14),
        ("", "abc", 3),
        ("abc", "abc", 0),
    ],
)
def test_edit_distances(first: str, second: str, distance: int) -> None:
    assert edit_distance(first, second) == edit_distance(second, first) == distance


def by_definition(first: str, second: str) -> int:
    @cache
    def distance(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        replaced = distance(i - 1, j - 1) + (first[i - 1] != second[j - 1])
        return min(replaced, distance(i - 1, j) + 1, distance(i, j - 1) + 1)

    return distance(len(first), len(second))


@given(st.text("ab", max_size=70), st.text("ab", max_size=70))
@example("a" * 70, "b" * 69)
@example("", "")
def test_edit_distance_is_that_of_the_definition(first: str, second: str) -> None:
    assert edit_distance(first, second) == by_definition(first, second)
