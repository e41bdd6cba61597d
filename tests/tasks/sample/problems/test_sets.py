"""Problems are told apart by what they ask; a missing gold answer or solution is named."""

from __future__ import annotations

import pytest

from configs.errors import ProblemsError
from tasks.core.records import Message, Problem
from tasks.sample.problems.sets import fingerprint, quote, require_gold, require_solutions


def make(id: str, text: str, gold: str | None = "1") -> Problem:
    return Problem(id, (Message("user", text),), gold)


def test_white_space_is_no_difference_but_a_role_is() -> None:
    assert fingerprint([Message("user", " a  b\n")]) == fingerprint([Message("user", "a b")])
    assert fingerprint([Message("user", "a b")]) != fingerprint([Message("user", "ab")])
    assert fingerprint([Message("user", "a")]) != fingerprint([Message("system", "a")])


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
