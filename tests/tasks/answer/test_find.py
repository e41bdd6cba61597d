"""Where the answer stands in a text; what stands there is read whole or not at all."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.answer.boxes import find_boxed
from tasks.answer.find import find
from tasks.answer.thinking import after_thinking
from tasks.answer.value import UnreadableError

TAGS = (("<think>", "</think>"), ("[THINK]", "[/THINK]"))


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("#### 72", "72"), ("so it is 3.", "3"), ("well...72", "72"), ("first 7, then 8!", "8"), ("10 - 7 = 3", "3"),
        ("----7", "7"), ("5km, not H2O", "5 km"), ("x2", None), ("COVID-19", None), ("none", None), ("", None),
        ("It is 9:30.", "9:30"), ("The area is 40 cm^2.", "40 cm^2"), ("It is 9.8 m s^{-2}.", "9.8 m s^(-2)"),
        ("The answer is \u20135.", "-5"), ("It costs 10{,}000 dollars", "10000 $"), ("<<48/2=24>>24 eggs", "24"),
        ("The answer is 72 eggs for 3 days", "72"), ("The answer is 5 + 3 = 8.", "8"),
        ("In 2010, 5 people came", "5"), ("In 2020 300 people came.", "300"),
        ("he drove 60 miles in 2 hours", "60 mi"),
        ("on March 5, 2024.", "2024-03-05"), ("on 5 March 2024 at noon", "2024-03-05"), ("at 5:30 p.m.", "17:30"),
        ("He has 5 in the box", "5"), ("- 5 apples", "5"), ("- 5", "-5"), ("Step 3: 5 eggs", "5"),
        ("Week 3:210 pages", "210"),
        ("**Answer:** 72", "72"), ("The answer is\n72", "72"), (r"the answer is \(\frac{3}{4}\).", "0.75"),
        (r"The answer is $2\frac{1}{2}$", "2.5"), (r"It is $\$72$", "72 $"),
        ("The answer is $18 ($2 for each egg).", "18 $"),
        ("\u7b54\u6848\uff1a72", "72"), ("\u7b54\u6848\u662f 5\u4e07", "50000"),
        ("\u7b54\u3048\u306f\uff0d\uff15\u3067\u3059\u3002", "-5"),
        ("La respuesta es 3,5.", "3.5"), ("The answer is eighteen.", "18"), ("The answer is one of the five: 5", "5"),
        (r"first \boxed{3}, so at last \boxed{5}, in 2 steps", "5"), (r"\boxed{x = 5}", "5"),
        (r"\boxed{5\text{ cm}}", "5 cm"),
        ("So x equals \u2212 8.", "-8"), ("Then we get - 8.", "-8"), ("Temperature \u2212 8", "-8"),
        ("x =- 8", "-8"), ("The answer is - 8.", "-8"), ("It was - $8.50.", "-8.5 $"),
        ("Eggs left - 8", "8"), ("The total \u2013 8 apples.", "8"), ("Answer:\n- 8 apples", "8"),
        ("They get two fifths of it.", "0.4"), ("So she has fifteen apples.", "15"), ("That is one way.", None),
        ("That is a third option.", None), ("I get 13, not 14.", "13"),
        ("Thus x = 8, which checks out: 2 * 8 = 16.", "8"), ("It is 5 a box, which works out to 20.", "20"),
        (r"\boxed{36\ \mathrm{units}^2}", "36"),
        (r"\boxed{\text{The answer is } 5}", "5"), (r"\boxed 5", "5"), (r"\boxed{\boxed{5}}", "5"),
    ],
)  # fmt: skip
def test_the_answer_is_found(text: str, answer: str | None) -> None:
    found = find(text)
    assert (None if found is None else str(found)) == answer


@pytest.mark.parametrize(
    "text",
    ["The answer is 10-7", "pages 3\u20135", "She has 3 and 5.", "Tom has 3 and Ann has 5",
     "numbers are 3, 5.", "x = 3 or x = 5",
     "x = 3, y = 5", "x > 5",
     "x^2 + 3", "The answer is x + 3", "answer: 5x", "3 * 5", "50% of 10", "5 or more", "f(5)", r"\log 5",
     "the point (1,2)",
     "0.333...", "The answer is not 5.", "The answer isn't 42.",
     "This is not equal to fifteen.", "ten minus 8", "more than two fifths of it", "one third to two thirds of it",
     r"\boxed{12\pi \text{ square units}}", r"\boxed{12r \text{ meters}}", "from 10% to 20%", "Call 555-1234",
     "The screen is 3x5.",
     r"\boxed{3} and \boxed{5}", r"\boxed{3}, \boxed{5}", r"\boxed{5", r"\boxed{3 \text{ or } 5}", r"\boxed{2x}",
     "5/0", "3.4.5",
     r"\boxed{" + "1+" * 2000 + "1}"],
)  # fmt: skip
def test_a_spelling_that_cannot_be_read_whole_is_not_cut(text: str) -> None:
    with pytest.raises(UnreadableError):
        find(text)


@pytest.mark.parametrize(
    "text",
    ["6 apples and 7 pears", "The cost is $45 and the change is $5.", "5 for Tom and 6 for Ann", "5 mod 3", "> 5",
     "\u00b25", "--5", "x is less than or equal to 10.", "10 at most", "half of 20", "the square root of 25",
     "The answer is 7 more than 20.", "7 with a remainder of 2", "8 would be wrong.", "Son m\u00e1s de 30.",
     "I doubt that the answer is 20.", "So 22... no, scratch that. I don't know.", r"\boxed{5} is wrong.",
     r"It is not \boxed{5}.", "(a) 5 (b) 6", "5\n6", "10 if you count it, 11 otherwise",
     "The answer is 7. The answer is 8. The answer is 7."],
)  # fmt: skip
def test_what_carries_value_beside_a_number_is_part_of_it(text: str) -> None:
    with pytest.raises(UnreadableError):
        find(text)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("He is 45 miles from home after 4 hours.", "45 mi"), ("The 3 athletes ran 204 yards.", "204 yd"),
        ("After the sale she has 17 - 3 = 14 left.", "14"), ("John has 12 left after giving 3 to Mary.", "12"),
        ("The number is 15 = 3 * 5.", "15"), ("a dozen", "12"), ("1.5M", "1500000"), ("1 in 4", "0.25"),
        ("The answer is 20. Wait, it is actually 24.", "24"), ("Is it 16? No, 4 * 5 = 20.", "20"),
        ("> **Answer**\n> 2,048", "2048"), ("7+8=15;3+4+1=8;85", "85"), ("three point one four", "3.14"),
        ("It needs 11. Let me know if you want another way in 2 steps!", "11"),
    ],
)  # fmt: skip
def test_the_one_quantity_that_is_stated_is_the_answer(text: str, answer: str) -> None:
    assert str(find(text)) == answer


def test_the_last_box_is_read_with_its_braces() -> None:
    assert find_boxed(r"\boxed{a{b}c}") == "a{b}c"
    assert find_boxed(r"\boxed{1} and then \boxed{ 2 }") == "2"
    assert find_boxed("no box") is None
    with pytest.raises(UnreadableError, match="does not end"):
        find_boxed(r"\boxed{1} \boxed{\frac{1}{")


@pytest.mark.parametrize(
    ("text", "said"),
    [("<think>the answer is A?</think>\nB", "\nB"), ("no thinking", "no thinking"), ("it began before</think>B", "B"),
     ("<think>a</think>x<think>b</think>B", "B"), ("[THINK]a[/THINK]B", "B"), ("<think>the answer is B", None),
     ("<think>a</think>B<think>but", None), ("", "")],
)  # fmt: skip
def test_the_answer_is_what_follows_the_thinking(text: str, said: str | None) -> None:
    assert after_thinking(text, TAGS) == said


@given(st.text())
def test_no_text_upsets_it(text: str) -> None:
    with contextlib.suppress(UnreadableError):
        find(text)


@pytest.mark.parametrize(
    "text",
    ["9" * 100_000, "1," * 50_000, "1 " * 50_000, "-" * 100_000 + "1", "(" * 50_000 + "1", r"\boxed{" * 10_000,
     r"\frac{" * 10_000 + "1", "answer " * 20_000 + "1", "$1" * 50_000, "1^" * 50_000, "<" * 100_000 + "1",
     "1\n" * 50_000,
     "\\text{" * 10_000 + "1", "1 and " * 20_000, "." * 100_000 + "1",
     "1/" * 50_000, "_1*" * 30_000, "answer:" + " " * 100_000,
     "The answer is " * 20_000, "\n Q" * 30_000 + ": 1", "9" * 100_000 + "\u00e9", "1 and 2 could be " * 20_000,
     "\\boxed{1} if (a) " * 10_000,
     "#### " + "1" * 100_000, "#### " + "1," * 50_000, "#### " + "9 " * 50_000, "#### 1" + "a" * 100_000],
    ids=range(27),
)  # fmt: skip
@pytest.mark.timeout(10)
def test_no_text_makes_it_hang(text: str) -> None:
    """A hundred thousand characters take milliseconds, unless a pattern explodes."""
    with contextlib.suppress(UnreadableError):
        find(text)
