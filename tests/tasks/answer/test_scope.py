"""What a text says of its own answer: that another question follows, that there is none, or two, or no end of it."""

from __future__ import annotations

import pytest

from tasks.answer.boxes import find_boxed
from tasks.answer.clock_words import write_clock
from tasks.answer.find import find
from tasks.answer.scope import answered_part
from tasks.answer.value import UnreadableError


@pytest.mark.parametrize(
    ("text", "answered"),
    [
        ("The answer is 9.\n\nQ: Tim has 3 cats.\nA: 5", "The answer is 9."),
        ("#### 9\n### Instruction\nAdd 2 and 2.", "#### 9"),
        ("#### 14\n\nAnn has 5 pens. How many?\n#### 7", "#### 14"),
        ("9 eggs.\n\nProblem 2: a train", "9 eggs."),
        ("Q: How many?\nA: 9", "Q: How many?\nA: 9"),
        ("Q: 2 + 3?\nA: 5\nQ: 4 + 5?\nA: 9", "Q: 2 + 3?\nA: 5\nQ: 4 + 5?\nA: 9"),
        ("Let us see.\nQuestion: what is 4 + 5?\nAnswer: 9", "Let us see.\nQuestion: what is 4 + 5?\nAnswer: 9"),
        ("It is 27, but I could be wrong.", "It is 27"),
        ("27 I think, correct me if I'm wrong", "27"),
        ("It is 27, but that is wrong.", "It is 27, but that is wrong."),
    ],
)
def test_a_text_is_read_to_its_next_question_and_without_its_doubts(text: str, answered: str) -> None:
    assert answered_part(text) == answered


def test_a_question_behind_numbers_that_answer_nothing_leaves_it_open() -> None:
    with pytest.raises(UnreadableError, match="asks a question"):
        answered_part("First we need 3 boxes.\nQuestion: how many eggs are there?\nIt is 9.")


@pytest.mark.parametrize(
    "text",
    [
        "5 + 5 = 10\n####", "#### unknown, as 5 is missing", "We start with 24. Next, we subtract",
        "It costs 12. The total is $",
        '{"answer": null, "tries": 3}', '{"result": "", "tries": 3}', "Answer: n/a\n3 tries",
        "The answer is undefined, as 1/0.", "There are infinitely many solutions, such as 3.",
        "There is no answer: 7 is odd.",
        "It could be 2, or it could be 6.", "It is 4, but it could also be 9.", "He pays upwards of $80.",
        "as many as 12 came",
    ],
)  # fmt: skip
def test_a_number_beside_no_answer_or_two_is_none(text: str) -> None:
    with pytest.raises(UnreadableError):
        find(text)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("The answer is 17. The answer is", "17"), ("She had 12 crayons to start with", "12"),
        ("It costs 32 \u20ac", "32"),
        ("He has 5 now", "5"), ("1000-356=644 times", "644"),
        ("Total: 24 cookies\n*Serves 6.*", "24"), ("*24 cookies*", "24"), ("It is 24.\nNote: as of 2023.", "24"),
        ("Net income: (1,200)", "-1200"), ("The answer is (5).", "5"),
        ("The price cannot be found at once, so we add 3 and 4 to get 7.", "7"),
        ("\u7b54\u6848\u4e0d\u662f12\uff0c\u800c\u662f13\u3002", "13"), ("No es 12 sino 13.", "13"),
        ("the twenty-first", "21"), ("It is the twenty-second day.", "22"), ("He came in third place.", "3"),
        ("It is half past nine.", "9:30"), ("five minutes to four", "3:55"), ("noon", "12:00"),
    ],
)  # fmt: skip
def test_the_answer_is_read_beside_what_changes_nothing(text: str, answer: str) -> None:
    assert str(find(text)) == answer


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("half past nine in the evening", "9:30 pm"), ("a quarter to 5", "4:45"), ("twenty to eight", "7:40"),
        ("quarter past twelve a.m.", "12:15 am"), ("nine o'clock at night", "9 o'clock pm"), ("twenty to one", "12:40"),
        ("ten to twelve", "ten to twelve"), ("twenty to thirty people", "twenty to thirty people"),
        ("twenty to eight people", "twenty to eight people"), ("half past", "half past"),
    ],
)  # fmt: skip
def test_times_of_day_in_words(text: str, written: str) -> None:
    assert write_clock(text) == written


@pytest.mark.parametrize(
    "text",
    [
        r"(a) \boxed{5} (b) \boxed{8}", "Case 1: \\boxed{1}\nCase 2: \\boxed{4}",
        r"\boxed{3} if $x > 0$ and \boxed{-3} if $x < 0$",
        r"\boxed{12}. Alternatively, if order matters, \boxed{24}", r"\boxed{3} for part (a), \boxed{4} for part (b)",
    ],
)  # fmt: skip
def test_boxes_of_parts_and_cases_are_several_answers(text: str) -> None:
    with pytest.raises(UnreadableError, match="boxes several"):
        find_boxed(text)


def test_boxes_of_steps_and_of_corrections_are_one() -> None:
    assert find_boxed("Step 1: \\boxed{3}\nStep 2: \\boxed{7}") == "7"
    assert find_boxed(r"First \boxed{3}, wait, otherwise it is \boxed{4}") == "4"
