"""The verifier `number` reads numbers as people write them, and compares them exactly."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.schema.verifier import NumberVerifier
from tasks.judge.verifiers.finding import Finding
from tasks.judge.verifiers.number import explain_gold, find_last_number, read_number, verify

GSM8K = Path(__file__).parents[3].parent / "shared" / "data" / "gsm8k"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("72", "72"),
        ("#### 72", "72"),
        ("so it is 3.", "3"),
        ("1,000", "1000"),
        ("1,000,000.25 in all", "1000000.25"),
        ("$3.50", "3.5"),
        (r"\$5", "5"),
        ("-$5", "-5"),
        ("$-5", "-5"),
        ("\u20ac3", "3"),
        ("50%", "50%"),
        (r"50\%", "50%"),
        ("1/2", "0.5"),
        ("1/3", "1/3"),
        ("2 1/2 cups", "2.5"),
        ("-7", "-7"),
        ("\u22127", "-7"),
        ("+7", "7"),
        ("(-3)", "-3"),
        ("10-7", "7"),
        ("10 - 7 = 3", "3"),
        ("----7", "7"),
        ("1e3", "1000"),
        ("1E-2", "0.01"),
        (".5", "0.5"),
        ("well...72", "72"),
        ("1,2", "2"),
        ("3:30", "30"),
        ("72.00", "72"),
        ("5km, not H2O", "5"),
        ("first 7, then 8!", "8"),
        ("x2", None),
        ("v1.2", None),
        ("5/0", None),
        ("1e9999", None),
        ("9" * 301, None),
        ("none", None),
        ("", None),
    ],
)
def test_the_last_number_is_found(text: str, answer: str | None) -> None:
    found = find_last_number(text)
    assert (None if found is None else str(found)) == answer


@pytest.mark.parametrize(
    ("text", "gold", "is_correct"),
    [
        ("1,000 eggs", "1000", True),
        ("0.1 + 0.2 = 0.3", "3/10", True),
        ("0.30000000000000004", "0.3", False),
        ("50%", "50", True),
        ("50%", "0.5", True),
        ("50", "50%", True),
        ("0.5", "50%", True),
        ("0.5%", "50%", False),
        ("50%", "5", False),
        ("-7", "7", False),
        ("0.3333", "1/3", False),
    ],
)
def test_numbers_are_compared_exactly(text: str, gold: str, is_correct: bool) -> None:
    assert verify(text, gold, NumberVerifier()).is_correct is is_correct


def test_tolerance_is_the_largest_difference_that_is_equal() -> None:
    within = NumberVerifier(tolerance=0.01)
    assert verify("3.15", "3.14", within).is_correct
    assert not verify("3.1500001", "3.14", within).is_correct


def test_a_pattern_says_where_the_number_is() -> None:
    config = NumberVerifier(pattern="answer is (.+)")
    assert verify("the answer is 5\nthe answer is 72 eggs\nfor 3 days", "72", config) == Finding("72", True)
    assert verify("72", "72", config) == Finding(note="no number found")


def test_gold_without_a_number_is_an_error_never_a_wrong_sample() -> None:
    assert explain_gold("many", NumberVerifier()) == "has the gold answer 'many', which holds no number"
    assert explain_gold(None, NumberVerifier()) == explain_gold(" ", NumberVerifier()) == "has no gold answer"
    with pytest.raises(ValueError, match="holds no number"):
        verify("72", "many", NumberVerifier())


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**6))
def test_every_way_to_write_a_number_gives_the_same_number(numerator: int, denominator: int) -> None:
    number = read_number(f"{numerator}/{denominator}")
    assert number is not None and number.value == Fraction(numerator, denominator)
    assert read_number(str(number)) == number
    whole = read_number(f"${numerator:,}.")
    assert whole is not None and whole.value == numerator


@given(st.text())
def test_no_text_upsets_it(text: str) -> None:
    assert verify(text, "1", NumberVerifier()).is_correct in (True, False, None)


@pytest.mark.skipif(not GSM8K.is_dir(), reason="needs the GSM8K copy in ../shared/data")
@pytest.mark.parametrize("split", ["train", "test"])
def test_every_gsm8k_solution_is_correct_by_its_own_answer(split: str) -> None:
    rows = [json.loads(line) for line in (GSM8K / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()]
    wrong = [
        row for row in rows if not verify(row["answer"], row["answer"].split("#### ")[1], NumberVerifier()).is_correct
    ]
    assert len(rows) in (7473, 1319) and wrong == []
