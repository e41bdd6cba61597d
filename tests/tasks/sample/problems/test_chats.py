"""Rows that are chats: the last assistant turn is the solution, what is before it is asked."""

from __future__ import annotations

from typing import Any

import pytest

from configs.errors import ProblemsError
from configs.schema.row_problems import Mapping
from tasks.core.records import Message, Problem
from tasks.sample.problems.mapping import map_rows

SYSTEM, ASK = {"role": "system", "content": "Be brief."}, {"role": "user", "content": "1+1?"}
SAID, AGAIN = {"role": "assistant", "content": "3"}, {"role": "user", "content": "Sure?"}
LAST = {"role": "assistant", "content": "No, it is #### 2"}


def problem_of(chat: Any, **mapping: Any) -> Problem:
    settings = Mapping.model_validate({"messages": "chosen", **mapping})
    return next(map_rows([{"chosen": chat, "gold": 2, "why": "because"}], settings, "a.jsonl", start=7))


def test_the_last_assistant_turn_is_the_solution_and_earlier_ones_stay() -> None:
    problem = problem_of([SYSTEM, ASK, SAID, AGAIN, LAST], answer={"field": "gold"})
    assert [message.role for message in problem.messages] == ["system", "user", "assistant", "user"]
    assert (problem.solution, problem.gold) == ("No, it is #### 2", "2")


def test_a_chat_that_ends_with_the_user_has_no_solution() -> None:
    problem = problem_of([ASK])
    assert problem.messages == (Message("user", "1+1?"),) and problem.solution is None


def test_answer_and_solution_may_be_taken_out_of_the_last_turn_or_elsewhere() -> None:
    chat = [ASK, LAST]
    assert problem_of(chat, answer={"field": "chosen", "pattern": "#### (.+)"}).gold == "2"
    assert problem_of(chat, solution={"field": "why"}).solution == "because"
    assert problem_of([ASK], answer={"field": "chosen"}).gold is None


def test_a_system_turn_of_the_chat_wins_over_that_of_the_mapping() -> None:
    assert problem_of([SYSTEM, ASK], system="Long.").messages[0].content == "Be brief."
    assert problem_of([ASK], system="Long.").messages[0] == Message("system", "Long.")


def test_other_spellings_of_turns_are_read() -> None:
    chat = [{"from": "human", "value": "1+1?"}, {"from": "gpt", "value": "2"}]
    assert problem_of(chat) == problem_of([ASK, {"role": "Assistant", "content": [{"type": "text", "text": "2"}]}])


@pytest.mark.parametrize(
    ("chat", "words"),
    [
        ("1+1?", "holds a str, not a list of turns"),
        ([], "holds an empty list"),
        (None, "holds nothing"),
        ([LAST], "has to be the user's, and there is none"),
        ([SYSTEM], "turn 0 is the system's"),
        ([ASK, SAID, LAST], "turn 1 is the assistant's"),
        ([ASK, SYSTEM, ASK], "turn 1 of 'chosen' is a system turn"),
        ([{"role": "tool", "content": "x"}], "turn 0 of 'chosen' has the role 'tool'"),
        ([{"role": "user", "content": None}], "turn 0 of 'chosen' holds no text"),
        ([{"role": "user", "content": [{"type": "image"}]}], "holds no text"),
        ([{"text": "x"}], "no role and content"),
        (["x"], "no role and content"),
        ([{"role": "user", "content": "a\0"}], "mapping.prompt gives a text with the character NUL"),
        ([ASK, {"role": "assistant", "content": "a\0"}], "mapping.messages gives a text with the character NUL"),
    ],
)
def test_what_is_no_chat_names_row_and_turn(chat: Any, words: str) -> None:
    with pytest.raises(ProblemsError) as caught:
        problem_of(chat)
    assert caught.value.message.startswith("a.jsonl, row 7: ") and words in caught.value.message and caught.value.fix
