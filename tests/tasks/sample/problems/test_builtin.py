"""Built-in arithmetic: right answers, sets that never overlap, the same problems every time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.errors import ProblemsError
from configs.schema.problems import AdditionSource, MultiplicationSource, Source
from tasks.core.records import Problem
from tasks.sample.problems.arithmetic import write_addition, write_multiplication
from tasks.sample.problems.builtin import make_addition, part_of
from tasks.sample.problems.sources import read_problems
from tests.tasks.sample.problems.apart import check_lists

PARTS = ("warm_start", "train", "select", "report")


def read(source: Source, part: str = "train") -> list[Problem]:
    return read_problems(source, part=part, fetch=None, base_dir=Path())


def test_sums_are_worked_column_by_column() -> None:
    assert write_addition(47, 85) == ("47+85=", "7+5=12;4+8+1=13;132")
    assert write_addition(452, 841) == ("452+841=", "2+1=3;5+4=9;4+8=12;1293")
    assert write_addition(999, 1) == ("999+1=", "9+1=10;9+0+1=10;9+0+1=10;1000")
    assert write_addition(0, 0) == ("0+0=", "0+0=0;0")


def test_products_are_worked_digit_by_digit() -> None:
    assert write_multiplication(47, 85) == ("47*85=", "47*5=235;47*80=3760;235+3760=3995;3995")
    assert write_multiplication(3, 4) == ("3*4=", "3*4=12;12")
    assert write_multiplication(12, 30) == ("12*30=", "12*0=0;12*30=360;0+360=360;360")


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_every_step_of_a_solution_is_true_and_the_last_number_is_the_answer(a: int, b: int) -> None:
    for write, answer in ((write_addition, a + b), (write_multiplication, a * b)):
        *steps, last = write(a, b)[1].split(";")
        assert int(last) == answer
        for step in steps:
            left, right = step.split("=")
            assert _calculate(left) == int(right)


def _calculate(term: str) -> int:
    if "*" in term:
        first, second = term.split("*")
        return int(first) * int(second)
    return sum(int(part) for part in term.split("+"))


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_both_orders_of_two_numbers_fall_into_one_set(a: int, b: int) -> None:
    assert part_of(a, b) == part_of(b, a)
    assert part_of(a, b) in PARTS


def test_the_space_is_shared_in_tenths() -> None:
    counts = Counter(part_of(a, b) for a in range(100, 400) for b in range(100, 400))
    for part, share in zip(PARTS, (0.4, 0.4, 0.1, 0.1), strict=True):
        assert counts[part] / 90_000 == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize("kind", [AdditionSource, MultiplicationSource])
def test_sets_never_overlap_whatever_their_seeds(kind: Any) -> None:
    sets = {part: read(kind(digits=(2,), num_problems=500, seed=seed), part) for seed, part in enumerate(PARTS)}
    check_lists(**sets)
    for part, problems in sets.items():
        for problem in problems:
            first, second = problem.id.replace("*", "+").split("+")
            assert part_of(int(second), int(first)) == part


def test_the_same_settings_give_the_same_problems_and_a_seed_others() -> None:
    first = read(AdditionSource(num_problems=50))
    assert first == read(AdditionSource(num_problems=50))
    assert first[:20] == read(AdditionSource(num_problems=20))
    assert first != read(AdditionSource(num_problems=50, seed=1))


def test_the_problems_of_version_1_stay_what_they_are() -> None:
    assert [problem.id for problem in read(AdditionSource(num_problems=4))] == ["91+76", "534+476", "56+49", "244+814"]
    products = read(MultiplicationSource(num_problems=4), "report")
    assert [problem.id for problem in products] == ["7*0", "32*48", "0*4", "22*13"]


def test_a_problem_has_gold_solution_and_tags() -> None:
    for problem in read(MultiplicationSource(digits=(3,), num_problems=5)):
        first, second = (int(number) for number in problem.id.split("*"))
        assert problem.messages[0].content == f"{first}*{second}="
        assert problem.gold == str(first * second)
        assert problem.solution is not None
        assert problem.solution.endswith(f";{problem.gold}")
        assert problem.tags == ("digits=3",)


def digits_of(problems: Sequence[Problem]) -> list[int]:
    return [len(problem.id.split("+")[0]) for problem in problems]


def test_digit_counts_come_in_turn() -> None:
    assert digits_of(read(AdditionSource(digits=(2, 4, 3), num_problems=7))) == [2, 4, 3, 2, 4, 3, 2]


def test_a_digit_count_that_is_used_up_leaves_the_turn_to_the_others() -> None:
    counts = Counter(digits_of(read(AdditionSource(digits=(1, 2), num_problems=500))))
    assert counts[1] == sum(part_of(a, b) == "train" for a in range(10) for b in range(10))
    assert counts[1] + counts[2] == 500


def test_a_space_that_is_too_small_says_how_many_there_are() -> None:
    there_are = sum(part_of(a, b) == "select" for a in range(10) for b in range(10))
    with pytest.raises(ProblemsError, match=f"has {there_are} problems for select, and num_problems asks for 101"):
        read(AdditionSource(digits=(1,), num_problems=101), "select")
    assert len(read(AdditionSource(digits=(1,), num_problems=there_are), "select")) == there_are


def test_a_prompt_of_ones_own_goes_around_the_numbers() -> None:
    source = AdditionSource(digits=(2,), num_problems=3, prompt="What is {a} + {b}?")
    bare = make_addition(AdditionSource(digits=(2,), num_problems=3), "train")
    for problem, plain in zip(make_addition(source, "train"), bare, strict=True):
        a, b = plain.id.split("+")
        assert problem.messages[-1].content == f"What is {a} + {b}?"
        assert (problem.id, problem.gold, problem.solution) == (plain.id, plain.gold, plain.solution)
