"""Worked solutions become training examples."""

from __future__ import annotations

import pytest

from configs.errors import ProblemsError
from tasks.core.records import Example, Message, Problem, written
from tasks.learn.worked_examples import worked_examples

CHAT = (Message("system", "Add."), Message("user", "1+1="))


def test_a_solution_completes_its_chat() -> None:
    assert list(worked_examples([Problem("p", CHAT, gold="2", solution="1+1=2;2")])) == [
        Example(sample_id="gold/p", problem_id="p", messages=CHAT, completion=written("1+1=2;2"), weight=1.0)
    ]


def test_a_problem_without_a_solution_is_named_with_the_fix() -> None:
    with pytest.raises(ProblemsError, match=r"problem q of the warm start has no worked solution\n.*mapping\.solution"):
        list(worked_examples([Problem("p", CHAT, solution="2"), Problem("q", CHAT, gold="2")]))
