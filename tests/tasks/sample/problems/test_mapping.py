"""Rows become problems by templates and patterns; what a row lacks is named with the row."""

from __future__ import annotations

import re
from typing import Any

import pytest

from configs.errors import ProblemsError, RecipeError
from configs.schema.row_problems import Mapping
from tasks.core.records import Message, Problem
from tasks.sample.problems.mapping import map_rows


def problem_of(row: dict[str, Any], **mapping: Any) -> Problem:
    return next(map_rows([row], Mapping.model_validate(mapping), "file.jsonl", start=7))


def test_a_prompt_and_a_system_text_are_filled_in() -> None:
    row = {"body": "Tom has 3.", "ask": "How many?", "level": "easy"}
    problem = problem_of(row, prompt="{{ body }} {{ ask }}", system="Be {{ level }}.", tags=["level"])
    assert problem.messages == (Message("system", "Be easy."), Message("user", "Tom has 3. How many?"))
    assert problem.tags == ("level=easy",)
    assert problem.gold is None
    assert problem.solution is None


def test_a_field_whose_name_is_no_identifier_is_reached_through_row() -> None:
    assert problem_of({"The Question": "1+1?"}, prompt="{{ row['The Question'] }}").messages[0].content == "1+1?"


@pytest.mark.parametrize(
    ("value", "gold"),
    [
        ("  72 ", "72"), (72, "72"), (51.0, "51"), (2.5, "2.5"), (-3.0, "-3"), (True, "true"), (0, "0"),
        (None, None), ("  ", None),
    ],
)  # fmt: skip
def test_a_gold_answer_is_written_as_people_write_it(value: object, gold: str | None) -> None:
    assert problem_of({"question": "?", "a": value}, answer={"field": "a"}).gold == gold


def test_an_answer_is_the_group_of_the_first_match() -> None:
    row = {"question": "?", "answer": "2+2=<<2+2=4>>4\n#### 1,024 \n#### 5"}
    problem = problem_of(row, answer={"field": "answer", "pattern": "#### (.+)"}, solution={"field": "answer"})
    assert problem.gold == "1,024"
    assert problem.solution == row["answer"]


def test_a_solution_keeps_its_indentation() -> None:
    assert problem_of({"question": "?", "code": "    return 1\n"}, solution={"field": "code"}).solution == (
        "    return 1\n"
    )


def test_an_id_is_a_field_or_a_digest_of_the_messages() -> None:
    assert problem_of({"question": "?", "n": 5}, id="n").id == "5"
    here, there = problem_of({"question": "1 + 1?"}), problem_of({"question": " 1  +\n1?"})
    assert here.id == there.id
    assert re.fullmatch("[0-9a-f]{16}", here.id)
    assert problem_of({"question": "1 + 1?"}, system="Think.").id != here.id


@pytest.mark.parametrize(
    ("row", "mapping", "messages"),
    [
        ({"body": "x", "n": 1}, {}, ["row 7", "'question' is undefined", "body, n"]),
        ({"question": None}, {}, ["row 7", "null"]),
        ({"question": " "}, {}, ["row 7", "empty"]),
        ({"question": "?"}, {"answer": {"field": "gold"}}, ["row 7", "'gold'", "mapping.answer.field", "question"]),
        ({"question": "?"}, {"solution": {"field": "s"}}, ["row 7", "'s'", "mapping.solution.field"]),
        ({"question": "?"}, {"id": "n"}, ["row 7", "'n'", "mapping.id"]),
        ({"question": "?", "n": None}, {"id": "n"}, ["row 7", "'n' is empty"]),
        ({"question": "?"}, {"tags": ["level"]}, ["row 7", "'level'", "mapping.tags"]),
        ({"question": "?", "a": [1]}, {"answer": {"field": "a"}}, ["row 7", "'a' holds a list"]),
        (
            {"question": "?", "a": "no mark"},
            {"answer": {"field": "a", "pattern": "#### (.+)"}},
            ["row 7", "#### (.+)", "'a'", "no mark"],
        ),
        ({"question": 3}, {"prompt": "{{ question + 'x' }}"}, ["row 7", "mapping.prompt"]),
        ({"question": 3}, {"prompt": "{{ question / 0 }}"}, ["row 7", "division by zero"]),
        ({"question": "?"}, {"prompt": "{{ ''.__class__.__mro__ }}"}, ["row 7", "unsafe"]),
    ],
)
def test_what_a_row_lacks_is_named(row: dict[str, Any], mapping: dict[str, Any], messages: list[str]) -> None:
    with pytest.raises(ProblemsError) as caught:
        problem_of(row, **mapping)
    for message in messages:
        assert message in str(caught.value)
    assert caught.value.fix


def test_a_template_that_is_not_jinja_is_an_error_of_the_recipe() -> None:
    with pytest.raises(RecipeError, match=r"mapping\.prompt"):
        problem_of({"question": "?"}, prompt="{{ question ")


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"question": "a\ud800"}, r"file, row 4: mapping\.prompt gives a text with half of a character"),
        ({"answer": "1\0"}, r"file, row 4: mapping\.answer gives a text with the character NUL"),
        ({"level": "\udc00"}, r"file, row 4: mapping\.tags gives a text with half"),
        ({"name": "\udc00"}, r"file, row 4: mapping\.id gives a text with half"),
        ({"worked": "so \ud800"}, r"file, row 4: mapping\.solution gives a text with half"),
    ],
)
def test_what_is_no_text_is_refused_with_file_and_row(bad: dict[str, str], words: str) -> None:
    row = {"question": "1+1=", "answer": "2", "level": "easy", "name": "p1", "worked": "so 2", **bad}
    settings = {
        "prompt": "{{ question }}", "answer": {"field": "answer"}, "tags": ["level"], "id": "name",
        "solution": {"field": "worked"},
    }  # fmt: skip
    with pytest.raises(ProblemsError, match=words):
        list(map_rows([row], Mapping.model_validate(settings), "file", start=4))


def test_marks_and_separators_in_a_row_are_text() -> None:
    row = {"question": "a\u2028\u202e\ufeff", "answer": "\u200f2"}
    settings = {"prompt": "{{ question }}", "answer": {"field": "answer"}}
    (problem,) = map_rows([row], Mapping.model_validate(settings), "file")
    assert problem.messages[0].content == row["question"] and problem.gold == row["answer"]


def test_a_template_that_never_ends_is_told_with_its_row() -> None:
    endless = Mapping(prompt="{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}")
    with pytest.raises(ProblemsError, match=r"a, row 0: mapping.prompt cannot be filled in: maximum recursion"):
        list(map_rows([{"question": "1+1="}], endless, "a"))


def test_what_a_message_quotes_can_be_written() -> None:
    with pytest.raises(ProblemsError) as raised:
        list(map_rows([{"\ud800": 1}], Mapping(), "a"))
    assert "use the fields there are: \\ud800" in str(raised.value)
