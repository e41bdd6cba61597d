"""Choices in the words that people and models use."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.answer.choice_words import _WORDS, PHRASES
from tasks.answer.choices import find_choice
from tasks.answer.value import UnreadableError


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("B is the correct answer", "B"), ("ANSWER IS D", "D"), ("(b)", "B"), ("\uff22", "B"),
        ("\uff08\uff23\uff09", "C"),
        ("\uff21\uff2e\uff33\uff37\uff25\uff32\uff1a\uff22", "B"), (r"\boxed{\text{(B)}}", "B"),
        (r"$\boxed{\mathrm{C}}$", "C"),
        (r"\boxed{\text{(B) } 5}", "B"), ("I'd go with option D", "D"), ("Answer: $\\textbf{(C)}$", "C"),
        ("B - Paris", "B"),
        ("The answer is **B) Paris**", "B"), ("{\"answer\": \"B\"}", "B"), ("B, not A.", "B"),
        ("The answer is B, not A", "B"),
        ("The answer is not B but C.", "C"), ("A is wrong. B is right.", "B"), ("The second option.", "B"),
        ("It is C.", "C"),
        ("The answer is A? No, it's B.", "B"), ("I choose A. No wait, I choose C", "C"), ("Letter B", "B"),
        ("\u7b54\u6848\u662fB", "B"), ("\u6b63\u89e3\u306fB\u3067\u3059\u3002", "B"), ("\uc815\ub2f5: B", "B"),
        ("Antwort: B", "B"),
        ("R\u00e9ponse : C", "C"), ("Jibu: B", "B"), ("\u24b7", "B"), ("A) is 5, B) is 6.\nAnswer: B", "B"),
        ("A. foo\nB. bar\nC. baz\nD. qux", None), ("Option A says red. Option B says blue.", None),
        ("Copyright (C) 2024", None), ("That leaves (C).", "C"), ("So (C) it is.", "C"),
        ("This matches option C.", "C"),
        ("\u6b63\u786e\u9009\u9879\u4e3aC\u3002", "C"), ("\u5e94\u8be5\u9009C\u3002", "C"),
        ("La opci\u00f3n correcta es la C.", "C"), ("A alternativa correta \u00e9 a C.", "C"),
        ("Richtig ist C.", "C"), ("A is wrong so the answer is C", "C"), ("La opci\u00f3n B es la correcta.", "B"),
        ("I would rather not say", None), ("A man walks in", None),
    ],
)  # fmt: skip
def test_a_choice_is_read(text: str, letter: str | None) -> None:
    assert find_choice(text, "ABCD") == letter


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("I had A. I'm switching my answer to C.", "C"), ("The answer is A. I'm not switching to C.", "A"),
        ("If x were odd, the answer would be C. It isn't, so D.", "D"),
        ("If we add them, the answer is A. This is not obvious.", "A"),
        ("For the mean it is B, for the median C.", None), ("For these reasons it is B.", "B"),
        ("C. Paris\n\nA. Rome, of Italy.\nB. Madrid, of Spain.\nD. Oslo, of Norway.", "C"),
        ("B) Madrid\nA) Rome\nD) Oslo\nC) Paris", None), ("It would be silly not to pick C.", "C"),
        ("It would be silly to pick C.", None), ("B is often picked in error.", None),
        ("Many pick B. I wouldn't: my answer is C.", "C"), ("With B as the base, option C follows.", None),
        ("Neither A nor B explains it; C does.", "C"), ("All that is left is A.", "A"),
    ],
)  # fmt: skip
def test_turns_and_cases_and_what_others_choose(text: str, letter: str | None) -> None:
    found = None
    with contextlib.suppress(UnreadableError):
        found = find_choice(text, "ABCD")
    assert found == letter


@pytest.mark.parametrize(
    "text",
    ["The answer is A or B", "the answer is (A), (B)", "The answer is A and C.", "(B) is false.",
     "The answer isn't (B).", "I don't like (C).", "I dislike (C).", "There is no evidence for (C).",
     "Nobody would pick (C).", "Option C is tempting.", "I wouldn't go for (C).", "There is an error in (C).",
     "The trap is (C).",
     "The incorrect option is C.", "La respuesta incorrecta es la C.", "Nicht richtig ist C.",
     "Antwort C ist falsch.", "La r\u00e9ponse C est fausse.", "\u4e0d\u5e94\u8be5\u9009C\u3002",
     "Richtig ist nicht C.", "The options are (A) 1, (B) 2, (C) 3.",
     "I would not choose B.", "Definitely not (B).", "Not option B.", "Answer: A/B"],
)  # fmt: skip
def test_two_choices_are_none_nor_is_one_that_is_taken_back(text: str) -> None:
    with contextlib.suppress(UnreadableError):
        assert find_choice(text, "ABCD") is None


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("#### B", "B"), ("B\n\nExplanation: A is half of it.", "B"), ("A or B? B", "B"), ("Not A. B.", "B"),
        ("I'll stick with A rather than switching to C.", "A"), ("B... no, C.", "C"), ("~~B~~ C", "C"),
        ("My answer changed from D to B.", "B"), ("- [ ] A\n- [x] C", "C"),
        ("A. Oxygen \u274c\nB. Nitrogen \u2705", "B"),
        ("| A | wrong |\n| D | right |", "D"), ("Both A and B are wrong, so C.", "C"), ("None of the above (D).", "D"),
        ("La respuesta no es A, es D.", "D"), ("I choose the third choice.", "C"), ("A: no. B: yes.", "B"),
        ("The book says so, and the answer is B.", "B"), ("The statement that is not true is B.", "B"),
    ],
)  # fmt: skip
def test_the_claims_of_a_text_end_in_one_choice(text: str, letter: str) -> None:
    assert find_choice(text, "ABCD") == letter


@pytest.mark.parametrize(
    "text",
    ["The answer is A. The answer is B.", "My neighbour went with B.", "I loathe (C).", "B would be right if x were 2.",
     "B looks right at first, but it is wrong.", "Could be D, could be B.", "A\u548cC\u90fd\u5bf9\u3002", "A -> B",
     "The current is 5 A.", "I think a B cell makes antibodies.", "C is a programming language.",
     "Please answer with A, B, C or D.", "The answer is anything but C.", "Is the answer B?"],
)  # fmt: skip
def test_what_no_known_word_takes_is_only_named(text: str) -> None:
    with contextlib.suppress(UnreadableError):
        assert find_choice(text, "ABCD") is None


def test_every_word_has_one_role() -> None:
    words = [word for words in _WORDS.values() for word in words.split()]
    assert [word for word in set(words) if words.count(word) > 1] == []
    assert all(len(phrase.split()) <= 5 for phrase in PHRASES)


def test_numbers_can_be_choices() -> None:
    assert find_choice("the answer is 2", "1234") == find_choice("\u2461", "1234") == find_choice("(2)", "1234") == "2"
    assert find_choice("The answer is 3.5.", "1234") is None
    assert find_choice("Answer: 3%", "1234") is None


@given(st.text())
def test_any_text_holds_a_choice_or_none(text: str) -> None:
    with contextlib.suppress(UnreadableError):
        assert find_choice(text, "ABCD") in {"A", "B", "C", "D", None}


@pytest.mark.parametrize(
    "text",
    ["answer" + " " * 100_000, "answer " * 20_000, "(" * 100_000, "A or " * 20_000, "B" + " " * 100_000 + "is",
     "not " * 20_000,
     "\n" * 100_000 + "B", "is " * 30_000, "A " * 50_000],
    ids=range(9),
)  # fmt: skip
@pytest.mark.timeout(10)
def test_no_text_makes_it_hang(text: str) -> None:
    """A hundred thousand characters take milliseconds, unless a pattern explodes."""
    with contextlib.suppress(UnreadableError):
        find_choice(text, "ABCD")
