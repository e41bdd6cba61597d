"""One kept sample, written in several ways."""

from __future__ import annotations

from pathlib import Path

import pytest

from configs.errors import RecipeError
from configs.schema.train import Format
from tasks.core.records import Example, Message, Problem, spell, written
from tasks.select.rows.formats import AS_IT_IS, LoadedFormat, read_formats, with_examples
from tasks.select.rows.makers import Writing
from tests.build.candidates import make_candidate
from tests.build.records import make_problem

LMSI = (
    Format(prompt="few_shot_reasoning"),
    Format(prompt="few_shot_direct", completion="answer"),
    Format(prompt="zero_shot_reasoning"),
    Format(prompt="zero_shot_direct", completion="answer"),
)
SOLVED = [make_problem(f"s{number}", gold=str(number), solution=f"it is {number}") for number in range(9)]


def example() -> tuple[Example, Problem]:
    candidate = make_candidate("s1", 3, text="4 + 4 = 8", draw="guided", prefix="4 +")
    (row,) = Writing().rows(candidate, 0.5)
    return row, candidate.problem


def test_lmsi_writes_four_rows_of_a_sample() -> None:
    row, problem = example()
    formats = with_examples(read_formats(LMSI, Path()), SOLVED)
    rows = list(formats.write(row, problem, "8"))
    assert [spell(row.completion) for row in rows] == ["4 + 4 = 8", "8", "4 + 4 = 8", "8"]
    assert [len(row.completion) for row in rows] == [2, 1, 2, 1], "a bare answer has no given beginning"
    assert {(row.sample_id, row.problem_id, row.weight) for row in rows} == {("s1/3", "s1", 0.5)}
    texts = []
    for row in rows:
        (message,) = row.messages
        assert message.role == "user" and "question s1" in message.content
        texts.append(message.content)
    assert len(set(texts)) == 4
    assert all("step by step" in text for text in texts[2:3]) and "step by step" not in texts[3]


def test_few_shot_prompts_show_four_other_solved_problems() -> None:
    row, problem = example()
    reasoning, direct = list(with_examples(read_formats(LMSI[:2], Path()), SOLVED).write(row, problem, "8"))
    text, short = reasoning.messages[0].content, direct.messages[0].content
    for number in (0, 2, 3, 4):
        assert f"question s{number}\nAnswer: it is {number}\n" in text
        assert f"question s{number}\nShort answer: {number}\n" in short
    assert "it is" not in short and text.count("Question:") == short.count("Question:") == 5
    assert text.endswith("Question: question s1\nAnswer:") and "question s5" not in text


def test_without_formats_the_row_stays_as_it_is() -> None:
    row, problem = example()
    assert list(AS_IT_IS.write(row, problem, None)) == [row]


def test_a_bare_answer_needs_an_answer() -> None:
    row, problem = example()
    formats = with_examples(read_formats(LMSI[2:], Path()), [])
    assert [spell(row.completion) for row in formats.write(row, problem, None)] == ["4 + 4 = 8"]


def test_a_users_prompt_sees_the_chat_and_the_answer(tmp_path: Path) -> None:
    (tmp_path / "own.j2").write_text("{{ messages[0].role }}: {{ messages[0].content }} | {{ prompt }} ({{ answer }})")
    formats = with_examples(read_formats([Format(prompt="own.j2")], tmp_path), [])
    problem = Problem("p", (Message("system", "be brief"), Message("user", "1+1?")))
    (row,) = formats.write(Example("p/0", "p", problem.messages, written("2")), problem, "2")
    assert row.messages == (Message("user", "system: be brief | 1+1? (2)"),)


def test_what_cannot_be_written_is_told() -> None:
    row, problem = example()
    with pytest.raises(RecipeError, match="'nowhere' cannot be read"):
        read_formats([Format(prompt="nowhere")], Path())
    with pytest.raises(RecipeError, match="shows worked examples"):
        with_examples(read_formats(LMSI, Path()), [*SOLVED[:1], make_problem("t", gold="1"), make_problem("u")])
    with pytest.raises(RecipeError, match="cannot be filled in"):
        list(with_examples((LoadedFormat("{{ golden }}", "text"),), []).write(row, problem, "8"))
