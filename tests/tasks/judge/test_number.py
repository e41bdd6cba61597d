"""The verifier `number` reads numbers as people write them, and compares them exactly."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from configs.schema.verifiers.kinds import NumberVerifier
from tasks.judge.verifiers.finding import Finding
from tasks.judge.verifiers.number import explain_gold, extract, verify
from tasks.sample.problems.arithmetic import write_addition, write_multiplication

GSM8K = Path(__file__).parents[3].parent / "shared" / "data" / "gsm8k"


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
        ("It is 9:30.", "10:30", False),
        ("40 cm^2", "40", True),
        ("40 cm^2", "2", False),
        ("10 000", "10000", True),
        ("10{,}000", "10000", True),
        ("\u20135", "-5", True),
        ("\u20135", "5", False),
        ("The answer is 3-5.", "5", None),
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


def test_gold_with_several_numbers_is_refused_and_never_cut_to_its_last() -> None:
    for gold in ("3 and 5", "10:30 and 11:00", "(2, 3)", "3-5", "He has 3. #### 5"):
        assert explain_gold(gold, NumberVerifier()) is not None
        with pytest.raises(ValueError, match="cannot be read"):
            verify("5", gold, NumberVerifier())
    assert explain_gold("10:30", NumberVerifier()) is None


def test_thinking_is_no_answer() -> None:
    assert verify("<think>so 5</think> It is 7.", "7", NumberVerifier()).is_correct
    assert not verify("<think>so 5</think> It is 7.", "5", NumberVerifier()).is_correct
    assert verify("<think>so it is 7.", "7", NumberVerifier()) == Finding(note="the thinking is not finished")
    assert extract("<think>so it is 7.", NumberVerifier()) is None
    own = NumberVerifier(thinking=(("{", "}"),))
    assert verify("{7} 5", "5", own).is_correct and verify("<think>7", "7", own).is_correct


def test_the_locale_is_a_setting() -> None:
    assert verify("1.234", "1234", NumberVerifier(locale="de")).is_correct
    assert not verify("1.234", "1234", NumberVerifier()).is_correct
    with pytest.raises(ValidationError, match="there is no locale 'xx'"):
        NumberVerifier(locale="xx")


def test_gold_without_a_number_is_an_error_never_a_wrong_sample() -> None:
    told = "has the gold answer 'many', which cannot be read: 'many' holds no number"
    assert explain_gold("many", NumberVerifier()) == told
    assert explain_gold(None, NumberVerifier()) == explain_gold(" ", NumberVerifier()) == "has no gold answer"
    with pytest.raises(ValueError, match="holds no number"):
        verify("72", "many", NumberVerifier())


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


@pytest.mark.skipif(not GSM8K.is_dir(), reason="needs the GSM8K and SVAMP copies in ../shared/data")
def test_every_published_gold_equals_itself_in_five_spellings_and_differs_from_its_neighbour() -> None:
    lines = [line for split in ("train", "test") for line in (GSM8K / f"{split}.jsonl").open(encoding="utf-8")]
    golds = [json.loads(line)["answer"].split("#### ")[1].strip() for line in lines]
    svamp = json.loads((GSM8K.parent / "svamp" / "SVAMP.json").read_text(encoding="utf-8"))
    golds += [str(int(row["Answer"])) for row in svamp] + [str(row["Answer"]) for row in svamp]
    assert len(golds) == 8792 + 2000
    for gold in sorted(set(golds)):
        assert explain_gold(gold, NumberVerifier()) is None
        number = float(gold.replace(",", ""))
        spellings = (
            gold,
            f"${number:,.2f}",
            rf"\\boxed{{{number:.1f}}}",
            f"It is {number:,.0f} eggs.",
            f"**Answer:** {number:.0f}",
        )
        assert [verify(text, gold, NumberVerifier()).is_correct for text in spellings] == [True] * 5
        assert verify(f"The answer is {number + 1:,.0f}.", gold, NumberVerifier()).is_correct is False


def test_every_worked_solution_of_the_built_in_problems_is_read() -> None:
    """`7+8=15;3+4+1=8;85`: what a sum came to and the answer behind it are no list."""
    for a in range(0, 100, 7):
        for b in range(0, 100, 3):
            for solution, gold in ((write_addition(a, b)[1], a + b), (write_multiplication(a, b)[1], a * b)):
                assert verify(solution, str(gold), NumberVerifier()).is_correct, solution
                assert verify(solution, str(gold + 1), NumberVerifier()).is_correct is False, solution
