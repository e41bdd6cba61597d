"""A verifier on trial: what it confuses is found, and what it tells apart is not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import TypeAdapter

from configs.schema.verifiers.kinds import Verifier
from tasks.judge.trials.trials import Outcome, refusal, run_trials
from tests.build.records import make_problem
from tests.infra.sandbox.sandboxes import needs_sandbox
from tests.tasks.gym import needs_gym, some

pytestmark = pytest.mark.slow


def outcomes(gold: str, solution: str | None = None, **fields: Any) -> list[Outcome]:
    problem = make_problem(gold=gold, solution=solution)
    verifier: Verifier = TypeAdapter(Verifier).validate_python(fields)
    assert refusal(problem, verifier) is None
    return list(run_trials([problem], verifier))


def confused(*args: Any, **fields: Any) -> list[tuple[str, str]]:
    return [(one.trial.spelling, one.label) for one in outcomes(*args, **fields) if not one.is_right]


def test_what_is_read_and_told_apart_is_right() -> None:
    assert confused("1250", kind="number", pattern="#### (.+)") == []
    assert confused("18", kind="math") == []
    assert confused("3.5", kind="regex", accept="^{gold}$") == []
    assert len(outcomes("18", kind="math")) == 8


def test_a_pattern_that_loses_digits_is_found() -> None:
    assert confused("1250", kind="number", pattern="answer is ([0-9]+)") == [("thousands separators", "wrong")]


def test_an_expression_that_accepts_a_part_is_found() -> None:
    assert confused("18", kind="regex", accept="{gold}") == [("changed", "correct"), ("changed", "correct")]
    assert confused("18", kind="regex", accept="[0-9]+")[0] == ("changed", "correct")
    assert confused("18", kind="regex", accept=r"Answer: [0-9]+")[0] == ("changed", "correct")
    assert confused("18", kind="regex", accept=r"Answer: {gold}\b") == []


def test_a_tolerance_that_takes_another_answer_is_found() -> None:
    assert confused("18", kind="number", pattern="#### (.+)", tolerance=1) == [("changed", "correct")]


def test_choices_are_told_from_the_next_one() -> None:
    last = outcomes("D", kind="choice")[-1]
    assert (last.trial.text, last.label, last.is_right) == ("A", "wrong", True)


def test_a_gold_answer_that_cannot_be_tried_says_why() -> None:
    number: Verifier = TypeAdapter(Verifier).validate_python({"kind": "number", "pattern": "zzz(q)"})
    assert "`pattern`" in (refusal(make_problem(gold="18"), number) or "")
    assert refusal(make_problem(gold="many"), number) is not None


@needs_sandbox
def test_a_worked_solution_passes_its_tests_and_an_emptied_one_does_not() -> None:
    gold = json.dumps({"test_list": ["assert halve(4) == 2"]})
    right, wrong = "def halve(x):\n    return x / 2\n", "def halve(x):\n    return x\n"
    settings = {"kind": "code", "layout": "mbpp", "extract": "whole"}
    assert [(one.trial.spelling, one.label) for one in outcomes(gold, right, **settings)] == [
        ("as it is", "correct"),
        ("emptied", "wrong"),
    ]
    assert confused(gold, wrong, **settings) == [("as it is", "wrong")]
    weak = json.dumps({"test_list": ["assert True"]})
    assert confused(weak, right, **settings) == [("emptied", "correct")]


@needs_sandbox
def test_a_fenced_solution_is_the_whole_function() -> None:
    gold = json.dumps({"prompt": "def f(x):\n", "test": "def check(f):\n    assert f(1) == 2", "entry_point": "f"})
    first, *_, last = outcomes(gold, "    return x + 1\n", kind="code", layout="humaneval")
    assert first.trial.text == "```python\ndef f(x):\n    return x + 1\n```" and first.is_right
    assert last.trial.spelling == "emptied" and last.is_right


@needs_gym
def test_the_answers_of_reasoning_gym_are_read_in_every_spelling() -> None:
    for task in ("mini_sudoku", "countdown", "graph_color"):
        problem = some(task, 1)[0]
        assert problem.gold is not None and confused(problem.gold, kind="reasoning_gym") == []
        assert len(outcomes(problem.gold, kind="reasoning_gym")) == (6 if problem.solution else 1)
        assert confused(problem.gold, kind="reasoning_gym", pattern="(?s)<answer>(.*)</answer>") == []
