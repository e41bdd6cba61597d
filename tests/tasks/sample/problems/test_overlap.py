"""No problem, and no id, in two sets that have to be apart."""

from __future__ import annotations

import pytest

from configs.errors import ProblemsError
from tasks.core.records import Message, Problem
from tests.tasks.sample.problems.apart import check_lists


def make(id: str, text: str) -> Problem:
    return Problem(id, (Message("user", text),), "1")


def test_sets_that_are_apart_pass() -> None:
    check_lists(
        train=[make("a", "one")], select=[make("b", "two")], report=[make("c", "three")], warm_start=[make("w", "four")]
    )


def test_train_and_warm_start_may_share_problems() -> None:
    check_lists(
        train=[make("a", "one")], select=[make("b", "two")], report=[make("c", "three")], warm_start=[make("a", "one")]
    )


ONE = [make("x", "zero"), make("a", "one")]
SAME = [make("y", "other"), make("z", "third"), make("b", " one\n")]


@pytest.mark.parametrize(
    ("sets", "names"),
    [
        ({"train": ONE, "select": SAME}, ("train", "select")),
        ({"train": ONE, "report": SAME}, ("train", "report")),
        ({"select": ONE, "report": SAME}, ("select", "report")),
        ({"select": SAME, "warm_start": ONE}, ("warm_start", "select")),
        ({"report": SAME, "warm_start": ONE}, ("warm_start", "report")),
        ({"report": SAME, "warm_start_critic": ONE}, ("warm_start_critic", "report")),
        ({"select": SAME, "few_shot": ONE}, ("few_shot", "select")),
        ({"train": ONE, "benchmark_other": SAME}, ("train", "benchmark_other")),
        (
            {"few_shot": ONE, "benchmark_other": SAME},
            ("few_shot", "benchmark_other"),
        ),
    ],
)
def test_a_problem_in_two_sets_is_named_with_both_places(
    sets: dict[str, list[Problem]], names: tuple[str, str]
) -> None:
    with pytest.raises(ProblemsError) as caught:
        check_lists(**sets)
    assert caught.value.message == (
        f"1 problem is in both {names[0]} and {names[1]}: 'one', number 1 of {names[0]} (id a), "
        f"number 2 of {names[1]} (id b), counting from 0"
    )
    assert "start and limit" in (caught.value.fix or "")


def test_the_number_of_shared_problems_is_told() -> None:
    with pytest.raises(ProblemsError, match="2 problems are in both train and report"):
        check_lists(train=ONE, report=ONE)


def test_one_id_for_two_problems_of_two_sets_is_an_error() -> None:
    with pytest.raises(ProblemsError, match=r"id 'a': number 0 of select and number 0 of report"):
        check_lists(select=[make("a", "one")], report=[make("a", "two")])
