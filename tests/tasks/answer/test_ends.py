"""Reading the end of a line alone changes nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.answer.ends import begin_of_end
from tasks.answer.locales import conventions
from tasks.answer.statement import Statement
from tasks.answer.value import UnreadableError, Value

_PIECES = [
    *[
        "so",
        "she",
        "has",
        "the",
        "5",
        "12",
        "3.5",
        "=",
        "=",
        "=",
        "+",
        "-",
        "*",
        "$7",
        ",",
        ".",
        ";",
        ":",
        "'",
        "1,200",
        "50%",
        "of",
        "and",
        "or",
        "if",
        "that",
        "because",
        "since",
        "not",
        "never",
        "x",
        "y",
    ],
    *[
        "apples",
        "a",
        "week",
        "hours",
        "km",
        "after",
        "in",
        "than",
        "more",
        "which",
        "half",
        "total",
        "is",
        "left",
        "two",
        "ten",
        "step",
        "March",
        "let",
        "me",
        "you",
        "can",
    ],
    *[
        "then",
        "but",
        "twice",
        "check",
        "each",
        "when",
        "per",
        "to",
        "by",
        "about",
        "at",
        "most",
        "least",
        "2024",
        "-5",
        "I",
        "think",
        "it's",
        "respectively",
        "instead",
    ],
]


@pytest.mark.parametrize(
    "line", ["She makes 9 * 2 = $18 a day.", "So 4/2=2 pounds, that she ate: 12 - 2 = 10 in 3 weeks"]
)
def test_the_end_of_a_plain_equation_is_enough(line: str) -> None:
    assert begin_of_end(line) == line.rindex("=")


@pytest.mark.parametrize(
    "line",
    ["x = 3 or x = 5", "It is 7 because 3 + 4 = 7", "Let me check: 3 + 4 = 7", "It is not 3 + 4 = 7", "3 = x", "5"],
)
def test_a_word_or_a_name_before_it_keeps_the_whole_line(line: str) -> None:
    assert begin_of_end(line) == 0


@settings(max_examples=300)
@given(st.lists(st.tuples(st.sampled_from(_PIECES), st.sampled_from(("", " ", " "))), min_size=3, max_size=14))
def test_both_ways_read_alike(pieces: list[tuple[str, str]]) -> None:
    before = "".join(map("".join, pieces))
    for line in (before, f"{before} 3 = 12 a day.", f"she has {before} 7 = 5"):
        assert _read(line, begin_of_end(line)) == _read(line, 0)


def _read(line: str, begin: int) -> tuple[Value | None, int] | None:
    statement = Statement(line, conventions("en"), begin)
    try:
        return statement.stated(), statement.end
    except UnreadableError:
        return None
