"""What an execution tells of a program: test by test, with input, expected and got, by problems of all layouts."""

from __future__ import annotations

import json

import pytest

from configs.schema.verifiers.code import CodeVerifier
from tasks.judge.verifiers.code_cases import cases_of, shown_problem
from tasks.judge.verifiers.code_report import TIME_OVER, Failure, RunReport, report
from tests.infra.sandbox.sandboxes import needs_sandbox
from tests.tasks.judge.code_problems import WHOLE, humaneval

pytestmark = pytest.mark.usefixtures("sandboxes_alone")
MBPP = {"test_list": ["assert f(1, 2) == 3", "assert f(2, 2) == 5", "assert f(9, 1) == 10", "assert f(0, 0) < 0"]}
CHECK = "X = 1\ndef check(candidate):\n    y = 1\n    assert candidate(X) == y\n    assert candidate(0) == 2\n"


def lines(gold: str, layout: str) -> list[tuple[str | None, str | None, str | None]]:
    problem = shown_problem(gold, layout, is_public=False)
    return [(case.input, case.expected, case.line) for case in cases_of(problem, "", layout)]


def test_tests_are_told_one_by_one() -> None:
    assert lines(json.dumps({"test_list": ["x = 1", *MBPP["test_list"][::3]]}), "mbpp") == [
        ("f(1, 2)", "3", "assert f(1, 2) == 3"), (None, None, "assert f(0, 0) < 0"),
    ]  # fmt: skip
    assert lines(humaneval("def f(x):\n", CHECK), "humaneval") == [
        ("f(X)", "y", "assert f(X) == y"), ("f(0)", "2", "assert f(0) == 2"),
    ]  # fmt: skip
    assert lines(json.dumps({"inputs": ["1\n", ["2", "3"]], "outputs": ["4\n", "5"]}), "apps") == [
        ("1", "4", None), ("2\n3", "5", None),
    ]  # fmt: skip
    assert lines(json.dumps({"fn_name": "g", "inputs": [[1, "a"]], "outputs": [[2]]}), "apps") == [
        ("1, 'a'", "[2]", "g(1, 'a')")
    ]


def test_tests_in_a_loop_are_one_test() -> None:
    looped = "def check(candidate):\n    for x in range(3):\n        assert candidate(x) == x\n"
    assert lines(humaneval("def f(x):\n", looped), "humaneval") == [(None, None, "check(f)")]


def test_public_tests_stand_in_a_field_of_their_own() -> None:
    gold = json.dumps({**MBPP, "public": {"test_list": ["assert f(7, 7) == 14"]}})
    problem = shown_problem(gold, "mbpp", is_public=True)
    assert [case.input for case in cases_of(problem, "", "mbpp")] == ["f(7, 7)"]
    with pytest.raises(ValueError, match="it has no public tests"):
        shown_problem(json.dumps(MBPP), "mbpp", is_public=True)


@needs_sandbox
def test_every_test_is_run() -> None:
    """Passed, another value, an error, and a test without an equality: 1 of 4."""
    program = "def f(a, b):\n    return a + b if a < 5 else 1 // 0"
    found = report(program, json.dumps(MBPP), WHOLE["mbpp"])
    assert found == RunReport(1, 4, (
        Failure("f(2, 2)", "5", "4", None, "assert f(2, 2) == 5"),
        Failure("f(9, 1)", "10", None, "ZeroDivisionError: integer division or modulo by zero", "assert f(9, 1) == 10"),
        Failure(None, None, None, "AssertionError", "assert f(0, 0) < 0"),
    ))  # fmt: skip
    assert not found.passed and found.first_failure == found.failures[0]
    assert found.message(1) == "1 of 4 tests passed.\n\nInput: f(2, 2)\nExpected: 5\nGot: 4"
    assert found.message(10).endswith("Test: assert f(0, 0) < 0\nError: AssertionError")


@needs_sandbox
def test_a_right_program_has_no_failures() -> None:
    gold = json.dumps({"test_list": MBPP["test_list"][:1]})
    assert report("def f(a, b): return a + b", gold, WHOLE["mbpp"]) == RunReport(1, 1)
    assert RunReport(1, 1).passed and RunReport(1, 1).first_failure is None and not RunReport(0, 0).passed


@needs_sandbox
def test_functions_and_scripts_of_apps() -> None:
    gold = json.dumps({"fn_name": "g", "inputs": [[1], [2]], "outputs": [[1], [3]]})
    assert report("def g(x): return [x]", gold, WHOLE["apps"]).failures == (Failure("2", "[3]", "[2]", None, "g(2)"),)
    pairs = json.dumps({"inputs": ["1", "2", "3"], "outputs": ["2", "5", "6"]})
    program = "x = int(input())\nassert x < 3\nprint(2 * x)"
    assert report(program, pairs, WHOLE["apps"]) == RunReport(1, 3, (
        Failure("2", "5", "4"), Failure("3", "6", None, "exit status 1: AssertionError"),
    ))  # fmt: skip


@needs_sandbox
def test_a_program_that_hangs_ends_the_time_of_all_tests() -> None:
    config = CodeVerifier(layout="humaneval", extract="whole", limit_seconds=2)
    check = CHECK + "    assert candidate(5) == 2\n    assert candidate(6) == 2\n"
    found = report("def f(x):\n    while x > 1: pass\n    return x", humaneval("def f(x):\n", check), config)
    assert (found.num_passed, found.num_tests) == (1, 4)
    assert [one.error for one in found.failures] == [None, TIME_OVER, f"not run: {TIME_OVER}"]


@needs_sandbox
def test_a_text_without_a_program_passed_nothing() -> None:
    config = CodeVerifier(layout="mbpp")
    assert report("words", json.dumps(MBPP), config) == RunReport(0, 4, (Failure(error="no program found"),))
    broken = report("```python\ndef f(a, b:\n```", json.dumps(MBPP), config)
    assert broken.num_passed == 0 and "SyntaxError" in str(broken.failures[0].error)


@needs_sandbox
def test_a_program_that_prints_what_a_test_expects_is_not_believed() -> None:
    """It cannot write its own report: what it says stands in fields, cut."""
    program = "def f(a, b):\n    raise RuntimeError('3 in: ' + 'x' * 1000)"
    found = report(program, json.dumps({"test_list": MBPP["test_list"][:1]}), WHOLE["mbpp"])
    assert found.num_passed == 0 and len(str(found.failures[0].error)) <= 300 and found.failures[0].got is None
