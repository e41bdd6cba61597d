"""Text from outside: what is no text is found, or replaced and counted; everything else stays."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.text.outside import MAX_DEPTH, clean_answer, explain_text, parse_json

KEPT = "a\u2028\u2029\u202e\u200f\ufeff\x85\x1b\r\n\t\U0001f600\ufffd\ufdd0"


def test_what_is_text_stays() -> None:
    assert clean_answer(KEPT) == (KEPT, 0) and explain_text(KEPT) is None


@pytest.mark.parametrize(
    ("text", "cleaned", "words"),
    [
        ("a\ud800", "a\ufffd", "half of a character (the lone surrogate U+D800) at character 1"),
        ("\udfffa\ud800b", "\ufffda\ufffdb", "half of a character (the lone surrogate U+DFFF) at character 0"),
        ("a\0b", "a\ufffdb", "the character NUL at character 1"),
    ],
)
def test_what_is_none_is_named_or_replaced(text: str, cleaned: str, words: str) -> None:
    assert explain_text(text) == words
    assert clean_answer(text) == (cleaned, len([1 for one, other in zip(text, cleaned, strict=True) if one != other]))


@given(st.text(st.characters(exclude_categories=())))
def test_a_cleaned_text_can_be_written(text: str) -> None:
    cleaned, number = clean_answer(text)
    assert cleaned.encode().decode() == cleaned and "\0" not in cleaned
    assert (explain_text(text) is None) == (number == 0) and explain_text(cleaned) is None


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def test_json_of_any_sane_shape_is_read() -> None:
    assert parse_json('\ufeff{"a": [1, 2.5, null, "\\ud83d\\ude00"]}') == {"a": [1, 2.5, None, "\U0001f600"]}
    assert parse_json(nested(MAX_DEPTH)) == json.loads(nested(MAX_DEPTH))
    assert parse_json("9" * 4000) == int("9" * 4000)


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 1000, 100_000])
def test_deep_json_is_refused(depth: int) -> None:
    with pytest.raises(ValueError, match="deep in each other"):
        parse_json(nested(depth))
    with pytest.raises(ValueError, match="deep in each other"):
        parse_json('{"a":' * depth + "1" + "}" * depth)


def test_huge_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="thousands of digits"):
        parse_json('{"a": ' + "9" * 5000 + "}")


def test_what_is_no_json_is_told_with_its_place() -> None:
    with pytest.raises(json.JSONDecodeError):
        parse_json('{"a": ')
