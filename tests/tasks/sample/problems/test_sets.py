"""No problem in two sets; a missing gold answer is named."""

from __future__ import annotations

import pytest

from configs.errors import ProblemsError
from tasks.core.records import Message, Problem
from tasks.sample.problems.sets import (
    check_sets,
    fingerprint,
    quote,
    require_gold,
    require_solutions,
)


def make(id: str, text: str, gold: str | None = "1") -> Problem:
    return Problem(id, (Message("user", text),), gold)


def test_white_space_is_no_difference_but_a_role_is() -> None:
    assert fingerprint([Message("user", " a  b\n")]) == fingerprint([Message("user", "a b")])
    assert fingerprint([Message("user", "a b")]) != fingerprint([Message("user", "ab")])
    assert fingerprint([Message("user", "a")]) != fingerprint([Message("system", "a")])


def test_sets_that_are_apart_pass() -> None:
    check_sets([make("a", "one")], [make("b", "two")], [make("c", "three")], {"warm_start": [make("w", "four")]}, {})


def test_train_and_warm_start_may_share_problems() -> None:
    check_sets([make("a", "one")], [make("b", "two")], [make("c", "three")], {"warm_start": [make("a", "one")]}, {})


ONE = [make("x", "zero"), make("a", "one")]
SAME = [make("y", "other"), make("z", "third"), make("b", " one\n")]


@pytest.mark.parametrize(
    ("sets", "names"),
    [
        ({"train": ONE, "select": SAME, "report": []}, ("train", "select")),
        ({"train": ONE, "select": [], "report": SAME}, ("train", "report")),
        ({"train": [], "select": ONE, "report": SAME}, ("select", "report")),
        ({"train": [], "select": SAME, "report": [], "warm_start": ONE}, ("warm_start", "select")),
        ({"train": [], "select": [], "report": SAME, "warm_start": ONE}, ("warm_start", "report")),
        ({"train": [], "select": [], "report": SAME, "warm_start_critic": ONE}, ("warm_start_critic", "report")),
        ({"train": [], "select": SAME, "report": [], "few_shot": ONE}, ("few_shot", "select")),
        ({"train": ONE, "select": [], "report": [], "benchmark_other": SAME}, ("train", "benchmark_other")),
        (
            {"train": [], "select": [], "report": [], "few_shot": ONE, "benchmark_other": SAME},
            ("few_shot", "benchmark_other"),
        ),
    ],
)
def test_a_problem_in_two_sets_is_named_with_both_places(
    sets: dict[str, list[Problem]], names: tuple[str, str]
) -> None:
    sets = dict(sets)
    three = [sets.pop(name) for name in ("train", "select", "report")]
    asked = {name: sets.pop(name) for name in list(sets) if name.startswith("benchmark")}
    with pytest.raises(ProblemsError) as caught:
        check_sets(*three, sets, asked)
    assert caught.value.message == (
        f"1 problem is in both {names[0]} and {names[1]}: 'one', number 1 of {names[0]} (id a), "
        f"number 2 of {names[1]} (id b), counting from 0"
    )
    assert "start and limit" in (caught.value.fix or "")


def test_the_number_of_shared_problems_is_told() -> None:
    with pytest.raises(ProblemsError, match="2 problems are in both train and report"):
        check_sets(ONE, [], ONE, {}, {})


def test_one_id_for_two_problems_of_two_sets_is_an_error() -> None:
    with pytest.raises(ProblemsError, match=r"id 'a': number 0 of select and number 0 of report"):
        check_sets([], [make("a", "one")], [make("a", "two")], {}, {})


def test_a_problem_without_gold_is_named_with_who_needs_it() -> None:
    require_gold([make("a", "one")], "the judge 'answer' compares with it")
    with pytest.raises(ProblemsError, match=r"problem b \('two'\).*no gold answer, and the judge 'answer' compares"):
        require_gold([make("a", "one"), make("b", "two", None)], "the judge 'answer' compares with it")


def test_an_example_without_a_solution_is_named_with_who_needs_it() -> None:
    solved = Problem("a", (Message("user", "one"),), solution="1")
    require_solutions([solved], "generate.few_shot shows it")
    with pytest.raises(ProblemsError, match=r"problem b \('two'\), number 1 .*no worked solution, and generate"):
        require_solutions([solved, make("b", "two")], "generate.few_shot shows it")


def test_messages_show_the_problem_and_not_the_examples_before_it() -> None:
    examples = "Tom has 2, and 3 more.\nCalculation: 2 + 3 = 5\n\nAnn has 1.\nCalculation: 1\n\n"
    assert quote(make("a", f"{examples}Paco had 41.\nCalculation:")) == "'Paco had 41. Calculation:'"
    assert quote(make("a", "Paco had 41.\n\nAnswer with a number.")) == "'Paco had 41. Answer with a number.'"
    assert quote(make("a", "x" * 61)) == repr("x" * 57 + "...")
