"""The verifier `math` sees equality behind different notations, and bounds what it reads."""

from __future__ import annotations

import pytest

from configs.schema.verifiers.kinds import MathVerifier
from tasks.answer.value import UnreadableError
from tasks.judge.verifiers import formulas
from tasks.judge.verifiers.finding import Finding
from tasks.judge.verifiers.math import explain_gold, extract, verify

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("text", "gold", "is_correct"),
    [
        (r"so \boxed{\frac{1}{2}}", "0.5", True),
        (r"\boxed{1/2}", r"\frac12", True),
        (r"\boxed{x^2+2x+1}", "(x+1)^2", True),
        (r"\boxed{\sqrt{8}}", r"2\sqrt{2}", True),
        (r"\boxed{\{1,2\}}", r"\{2,1\}", True),
        (r"\boxed{[0,1)}", "[0,1)", True),
        (r"\boxed{[0,1)}", "[0,1]", False),
        (r"\boxed{x=5}", "5", True),
        (r"\boxed{\text{Monday}}", r"\text{Monday}", True),
        (r"\boxed{1} no, \boxed{2}", "2", True),
        (r"\boxed{1,000}", "1000", True),
        (r"\boxed{72}", "$72$", True),
        (r"\boxed{0.1}", "0.1000001", False),
        (r"\boxed{BAC}", "CAB", False),
        (r"\boxed{CAB}", "CAB", True),
        (r"\boxed{\angle BCA}", r"\angle ABC", False),
        (r"\boxed{on}", "no", False),
        (r"\boxed{yx}", "xy", True),
        (r"\boxed{2ba}", "2ab", True),
        (r"\boxed{2}", "2ab", False),
        (r"\boxed{yes}", r"\text{yes}", True),
        (r"\boxed{12:00}", "12:00", True),
        (r"\boxed{9:30}", "10:30", False),
        (r"\boxed{10{,}000}", "10000", True),
        (r"\boxed{10,\!000}", "10000", True),
        ("\\boxed{\u20135}", "-5", True),
        ("\\boxed{\u20135}", "5", False),
        (r"\boxed{(1,2)}", "(2,1)", False),
        (r"\boxed{(1,2)}", r"\left(1,\,2\right)", True),
        (r"\boxed{2, 1}", "1,2", True),
        (r"\boxed{1,2}", "1.2", False),
        (r"\boxed{(3,100)}", "3100", False),
        (r"\boxed{x=2, y=3}", "x=3, y=2", False),
        (r"\boxed{x=2, y=3}", "y=3, x=2", True),
        (r"\boxed{x \le 3}", r"(-\infty,3]", True),
        (r"\boxed{3 < x}", "x>3", True),
        (r"\boxed{2 \le x < 5}", "[2,5)", True),
        (r"\boxed{2 \le x < 5}", "[2,5]", False),
        (r"\boxed{1.414214}", r"\sqrt{2}", False),
        (r"\boxed{3.141592653589793}", r"\pi", False),
        (r"\boxed{11}", "11_2", False),
        (r"\boxed{7 \bmod 3}", "3", None),
        (r"\boxed{2pi}", r"2\pi", True),
        (r"\boxed{3sqrt(2)}", r"3\sqrt{2}", True),
        (r"\boxed{sqrt 2}", "2", False),
        (r"\boxed{ln 2}", r"\ln 2", True),
        (r"\boxed{sin x cos x}", r"\frac{1}{2}\sin 2x", True),
        (r"\boxed{\operatorname{sin} x}", r"\sin x", True),
        (r"\boxed{2x**10}", "2x^{10}", True),
        (r"\boxed{inf}", r"\infty", True),
        (r"\boxed{3X}", "3x", None),
        (r"\boxed{X+Y}", "Y+X", True),
        (r"\boxed{f'(x)}", "f(x)", None),
        ("The solutions are $3$ and $5$.", "5", None),
        ("so $x=3$ or $x=5$", "5", False),
        ("so $x=3$ or $x=5$", "5, 3", True),
        (r"We get \(3\) or \(5\)", "5", None),
        ("The answer is $3$, $5$", "5", None),
        ("It is $1/2$, or $0.5$.", "0.5", True),
        ("When $x=2$, $y=5$.", "5", True),
        ("so $x=3$. Then $y=5$.", "5", True),
        (r"\boxed{\begin{pmatrix} 2 \\ 1 \end{pmatrix}}", r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}", False),
        (r"\boxed{5x \text{ apples}}", "5x", True),
        ("<think>\\boxed{72}</think> \\boxed{73}", "72", False),
        ("<think>\\boxed{72}", "72", None),
        ("The answer is 72.", "72", True),
        ("The answer is 73.", "72", False),
        ("no idea", "72", None),
        (r"\boxed{}", "72", None),
    ],
)
def test_equality_is_symbolic(text: str, gold: str, is_correct: bool | None) -> None:
    assert verify(text, gold, MathVerifier()).is_correct is is_correct


def test_plain_numbers_are_compared_exactly() -> None:
    assert verify(r"\boxed{0.333333333333}", "1/3", MathVerifier()) == Finding("0.333333333333", False)


def test_a_pattern_says_where_the_answer_is() -> None:
    config = MathVerifier(pattern="#### (.+)")
    assert verify("x\n#### 2x", "x+x", config).is_correct
    assert verify(r"\boxed{2x}", "x+x", config) == Finding(note="no mathematical answer found")


@pytest.mark.parametrize(("found", "gold"), [("1.414214", r"\sqrt{2}"), ("0.333333", r"\frac{1}{3}")])
def test_what_math_verify_calls_equal_is_computed_again(found: str, gold: str) -> None:
    with pytest.raises(UnreadableError, match="differs when it is computed"):
        formulas.are_equal(found, gold)
    assert formulas.are_equal(gold, gold)


def test_golds_that_cannot_be_read_whole_are_told_without_sympy() -> None:
    assert explain_gold(r"\frac{\sqrt{3}}{2}", MathVerifier()) is None
    assert explain_gold("(1, 2]", MathVerifier()) is None
    assert explain_gold("the sum of all 3 sides is 12 and x", MathVerifier()) is not None
    assert explain_gold(r"\frac{1}{", MathVerifier()) is not None


def test_long_answers_are_refused() -> None:
    finding = verify(r"\boxed{" + "1+" * 300 + "1}", "301", MathVerifier())
    assert finding == Finding(note="longer than 400 characters")


def test_gold_that_is_no_mathematics_is_an_error() -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        verify(r"\boxed{x}", "$$", MathVerifier())


@pytest.mark.parametrize(
    ("texts", "answer"),
    [
        ((r"\boxed{\frac{1}{2}}", r"\boxed{0.5}", r"\boxed{\frac{5}{10}}", r"\boxed{.5}"), "0.5"),
        ((r"\boxed{\sqrt{25}}", r"\boxed{x=5}", "so it is 5", r"$x = 5$"), "5"),
        ((r"\boxed{(x+1)^2}", r"\boxed{x^2+2x+1}"), "x**2 + 2*x + 1"),
        ((r"\boxed{\frac{\sqrt{8}}{2}}", r"\boxed{\sqrt{2}}"), "sqrt(2)"),
        ((r"\boxed{\{2,1\}}", r"\boxed{\{1,2\}}"), "{1, 2}"),
        (("no idea", r"\boxed{" + "1+" * 300 + "1}"), None),
    ],
)
def test_equal_expressions_look_equal(texts: tuple[str, ...], answer: str | None) -> None:
    assert {extract(text, MathVerifier()) for text in texts} == {answer}


def test_votes_follow_a_pattern_too() -> None:
    config = MathVerifier(pattern="answer: (.+)")
    assert extract(r"\boxed{1} answer: 2/4", config) == "0.5"
    assert extract(r"\boxed{1}", config) is None
