"""Which problems that a model wrote are used."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.schema.around_generate import SelfInstruct
from tasks.sample.invent.filters import read_problem, refuse, rouge_l

CONFIG = SelfInstruct(num_prompts=1, min_chars=3, max_chars=40)


@pytest.mark.parametrize(
    ("a", "b", "score"),
    [
        ("the cat sat", "the cat sat", 1.0),
        ("the cat sat", "a dog ran", 0.0),
        ("a b c d", "a c e", 4 / 7),  # common subsequence a c: 2 * 2 / (4 + 3)
        ("", "a", 0.0),
    ],
)
def test_rouge_l(a: str, b: str, score: float) -> None:
    assert rouge_l(a, b) == pytest.approx(score)


@given(st.text("ab ", max_size=12), st.text("ab ", max_size=12))
def test_rouge_l_is_symmetric_and_a_share(a: str, b: str) -> None:
    assert rouge_l(a, b) == rouge_l(b, a)
    assert 0 <= rouge_l(a, b) <= 1


def test_reasons() -> None:
    assert refuse("Add 3 and 4.", [], CONFIG) is None
    assert refuse("Ad", [], CONFIG) == "length"
    assert refuse("x" * 41, [], CONFIG) == "length"
    assert refuse("Draw a house.", [], CONFIG) == "forbidden"
    assert refuse("Add 3 and 4.", ["Add 3 and 4!"], CONFIG) == "similar"
    assert refuse("Add 3 and 4.", ["Tell me about the sea."], CONFIG) is None


def test_the_problem_is_the_patterns_group() -> None:
    assert read_problem("  Add 1 and 2. \n", CONFIG.pattern) == "Add 1 and 2."
    assert read_problem("Task: Add.\nTask: More.", r"Task: (.+)") == "Add."
    assert read_problem("   ", CONFIG.pattern) is None
