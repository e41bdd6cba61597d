"""The verifiers `exact`, `choice`, `regex` and `python`, and their registry."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.errors import UserError
from configs.schema.verifiers.kinds import (
    ChoiceVerifier,
    ExactVerifier,
    MathVerifier,
    NumberVerifier,
    PythonVerifier,
    RegexVerifier,
    Verifier,
)
from tasks.answer.choices import find_choice
from tasks.judge.verifiers import choice, exact, regex
from tasks.judge.verifiers.finding import Finding, NoVerdictError
from tasks.judge.verifiers.registry import VERIFIERS, build_verifier, explain_gold, verifier_versions
from tests.build.records import make_problem, make_sample


@pytest.mark.parametrize(
    ("text", "gold", "ignore_case", "expected"),
    [
        (" Paris\n", "Paris", False, Finding("Paris", True)),
        ("paris", "Paris", False, Finding("paris", False)),
        ("paris", "Paris", True, Finding("paris", True)),
        ("Paris.", "Paris", False, Finding("Paris.", False)),
        (" \n", "Paris", False, Finding(note="no text found")),
    ],
)
def test_exact_compares_stripped_text(text: str, gold: str, ignore_case: bool, expected: Finding) -> None:
    assert exact.verify(text, gold, ExactVerifier(ignore_case=ignore_case)) == expected


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("B", "B"),
        ("b", "B"),
        ("(B)", "B"),
        ("**B**.", "B"),
        ("A", "A"),
        ("The answer is B", "B"),
        ("The answer is A because it fits", "A"),
        ("the answer is b.", "B"),
        ("Answer: (b)", "B"),
        ("**Answer:** B", "B"),
        ("Answer = D", "D"),
        ("The correct option is: **C**", "C"),
        ("The best choice is B", "B"),
        ("The answer is A. No: the answer is B", "B"),
        ("Answer: B\nExplanation: A is wrong", "B"),
        ("The answer is B. Option A is wrong.", "B"),
        (r"so \boxed{D}", "D"),
        (r"so \boxed{\text{B}}", "B"),
        ("Reasons.\nB. Paris", "B"),
        ("Reasons.\nB", "B"),
        ("so (C) it is", "C"),
        ("(A) or (B)? I think (B)", "B"),
        ("I take option C", "C"),
        ("A cat sat on the mat", None),
        ("the answer is a trick", None),
        ("The answer is a", "A"),
        ("vitamin C is good", None),
        ("I do not know", None),
        ("The answer is E", None),
        ("The answer is Denver", None),
        ("", None),
    ],
)
def test_choice_reads_choices_and_no_articles(text: str, letter: str | None) -> None:
    assert find_choice(text, "ABCD") == letter


def test_choice_compares_with_gold_in_any_case() -> None:
    assert choice.verify("the answer is (b)", "B", ChoiceVerifier()) == Finding("B", True)
    assert choice.verify("C", "(b)", ChoiceVerifier()) == Finding("C", False)
    assert choice.verify("hm", "B", ChoiceVerifier()) == Finding(note="no choice found")
    assert choice.verify("pick: E!", "E", ChoiceVerifier(choices="DE", pattern="pick: (.+)")) == Finding("E", True)
    assert choice.verify("pick: E!", "E", ChoiceVerifier(choices="ABCDEFGHIJ", pattern="pick: (.+)")).is_correct
    assert choice.explain_gold("Z", ChoiceVerifier()) == "has the gold answer 'Z', which is none of the choices ABCD"


@pytest.mark.parametrize(("gold", "letters"), [("E", "ABCDE"), ("(f)", "ABCDEF"), ("J", "ABCDEFGHIJ")])
def test_a_gold_beyond_the_choices_is_told_the_field_that_lets_it_in(gold: str, letters: str) -> None:
    complaint = choice.explain_gold(gold, ChoiceVerifier()) or ""
    assert f"{gold!r}, which is none of the choices ABCD (write choices: {letters}" in complaint
    with pytest.raises(ValueError, match=re.escape(complaint)):
        choice.verify("A", gold, ChoiceVerifier())
    assert choice.explain_gold(gold, ChoiceVerifier(choices=letters)) is None
    assert "write choices" not in (choice.explain_gold(gold, ChoiceVerifier(choices="1234")) or "")


@given(st.text())
def test_choice_finds_a_choice_or_nothing_in_any_text(text: str) -> None:
    assert find_choice(text, "ABCD") in {"A", "B", "C", "D", None}


def test_regex_puts_the_escaped_gold_into_the_pattern() -> None:
    config = RegexVerifier(accept=r"^total: {gold}$")
    assert regex.verify("total: 1.5", "1.5", config) == Finding("total: 1.5", True)
    assert regex.verify("total: 1x5", "1.5", config) == Finding(None, False)
    assert regex.verify("x", "1.5", RegexVerifier(accept="{gold}", pattern="= (.+)")).is_correct is None
    assert regex.verify("= 2", "1.5", RegexVerifier(accept="{gold}", pattern="= (.+)")) == Finding("2", False)


def test_regex_needs_gold_only_if_it_names_it() -> None:
    assert regex.explain_gold(None, RegexVerifier(accept="yes")) is None
    assert regex.explain_gold(None, RegexVerifier(accept="{gold}")) == "has no gold answer"


REWARDS = """
import json
from helper import LIMIT

def score(problem, sample):
    return json.loads(sample.text) if sample.text != "limit" else LIMIT

def broken(problem, sample):
    raise KeyError(problem.id)
"""


@pytest.fixture
def rewards(tmp_path: Path) -> Path:
    (tmp_path / "helper.py").write_text("LIMIT = 7", encoding="utf-8")
    path = tmp_path / "my_rewards.py"
    path.write_text(REWARDS, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true", Finding(is_correct=True)),
        ("false", Finding(is_correct=False)),
        ("0.25", Finding(score=0.25)),
        ("1", Finding(score=1.0)),
        ("limit", Finding(score=7.0)),
    ],
)
def test_python_takes_bools_and_numbers(rewards: Path, text: str, expected: Finding) -> None:
    judge = build_verifier(PythonVerifier(function=f"{rewards}:score"))
    assert judge((make_problem(gold=None), make_sample(text=text))) == expected


@pytest.mark.parametrize(
    ("text", "error"), [("null", NoVerdictError), ("NaN", ValueError), ('"yes"', ValueError), ("[1]", ValueError)]
)
def test_python_takes_nothing_else(rewards: Path, text: str, error: type[Exception]) -> None:
    judge = build_verifier(PythonVerifier(function=f"{rewards}:score"))
    with pytest.raises(error):
        judge((make_problem(), make_sample(text=text)))


def test_python_names_a_missing_file_or_function(rewards: Path) -> None:
    with pytest.raises(UserError, match=r"no file .*absent\.py"):
        build_verifier(PythonVerifier(function="absent.py:score"))
    with pytest.raises(UserError, match="no function rate"):
        build_verifier(PythonVerifier(function=f"{rewards}:rate"))


def test_every_kind_of_the_schema_is_registered() -> None:
    union = get_args(Verifier)[0]
    assert {kind.model_fields["kind"].default for kind in get_args(union)} == set(VERIFIERS)


def test_rules_need_gold_and_functions_do_not() -> None:
    needy = (NumberVerifier(), ExactVerifier(), ChoiceVerifier(), MathVerifier(), RegexVerifier(accept="{gold}"))
    assert {explain_gold(None, verifier) for verifier in needy} == {"has no gold answer"}
    assert explain_gold(None, PythonVerifier(function="a.py:score")) is None
    used = [set(verifier_versions(verifier)) for verifier in needy]
    assert used == [{kind, "reader"} for kind in ("number", "exact", "choice", "math", "regex")]
