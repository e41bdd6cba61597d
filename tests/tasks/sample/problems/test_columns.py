"""Sums as rows of columns: what is written, and that the noise behind the end means nothing."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from tasks.sample.problems.arithmetic import write_columns

NUMBERS = st.integers(0, 10**8 - 1)


def test_a_row_is_written_from_the_right_and_begins_anywhere() -> None:
    rows = [write_columns(47, 85, width) for width in range(3, 13)]
    assert len({num_columns for _, _, num_columns in rows}) > 3
    for prompt, solution, num_columns in rows:
        assert prompt[: 3 * num_columns].endswith("75,48.")
        assert solution == "00 " * (num_columns - 2) + "12,13."


@given(NUMBERS, NUMBERS)
def test_the_columns_spell_the_sum(a: int, b: int) -> None:
    prompt, solution, num_columns = write_columns(a, b, 10)
    assert re.fullmatch(r"([0-9]{2} )*([0-9]{2},)*[0-9]{2}\.([0-9]{2}[,.])*=", prompt)
    assert len(prompt) == 31
    assert len(solution) == 3 * num_columns
    totals = re.findall(r"([0-9]{2})[,.]", solution)
    digits = totals[-1] + "".join(total[1] for total in reversed(totals[:-1]))
    assert int(digits) == a + b
    assert prompt.index(".") == solution.index(".")
    assert prompt.count(" ") == solution.count(" ")


def test_the_same_numbers_give_the_same_row() -> None:
    assert write_columns(1, 2, 5) == ("18 12.05,03.61,=", "00 03.", 2)
    assert write_columns(1, 2, 5) != write_columns(2, 1, 5)
