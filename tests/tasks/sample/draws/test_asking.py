"""What a draw is asked and what training shows in its place; prompts that show too much are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from configs.errors import ProblemsError, RecipeError
from configs.schema.draws.draw import Draw
from tasks.core.prompts import read_prompt
from tasks.core.records import Message, Problem
from tasks.sample.draws.asking import LoadedDraw, load_draws
from tests.build.records import ask, make_problem

PROMPTS = {
    "bare": "{{ prompt }}!",
    "number": "{{ variant }}) {{ prompt }}",
    "told": "{{ prompt }} ({{ answer }})",
    "shown": "{{ prompt }} ({{ answer }}: {{ solution }})",
    "manner": "{{ system }} Be good.",
    "turns": "{{ messages | length }}",
    "unknown": "{{ attempt }}",
    "broken": "{{ prompt",
}
SEEN = {"sees": "answer", "stored_prompt": "plain"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in PROMPTS.items():
        (tmp_path / f"{name}.j2").write_text(text)
    return tmp_path


def load(folder: Path, **fields: Any) -> LoadedDraw:
    files = {
        name: f"{fields[name]}.j2" for name in ("system", "prompt", "stored_prompt") if fields.get(name) in PROMPTS
    }
    (loaded,) = load_draws([Draw(**{"name": "a", **fields, **files})], lambda name: read_prompt(name, folder))
    return loaded


def turns(messages: tuple[Message, ...]) -> list[tuple[str, str]]:
    return [(turn.role, turn.content) for turn in messages]


CHAT = (*ask("first", "Count."), Message("assistant", "1"), Message("user", "second"))


@pytest.mark.parametrize(("fields", "asked"), [
    ({"prompt": "bare"}, [("system", "Count."), ("user", "first"), ("assistant", "1"), ("user", "second!")]),
    ({"prompt": "number"}, [("system", "Count."), ("user", "first"), ("assistant", "1"), ("user", "3) second")]),
    ({"system": "manner"},
     [("system", "Count. Be good."), ("user", "first"), ("assistant", "1"), ("user", "second")]),
    ({"system": "bare", "prompt": "turns"}, [("system", "second!"), ("user", "first"), ("assistant", "1"),
                                             ("user", "4")]),
])  # fmt: skip
def test_the_last_question_and_the_system_turn_are_replaced(
    folder: Path, fields: dict[str, Any], asked: list[tuple[str, str]]
) -> None:
    problem, draw = Problem("p", CHAT), load(folder, **fields)
    assert turns(draw.asked(problem, 3)) == asked
    assert draw.shown(problem, 3) == CHAT, "and training shows none of it"


def test_what_training_shows_may_be_what_was_asked_or_a_prompt(folder: Path) -> None:
    problem = Problem("p", CHAT)
    sampled = load(folder, system="manner", prompt="bare", stored_prompt="as_sampled")
    assert sampled.shown(problem, 1) == sampled.asked(problem, 1) != CHAT
    other = load(folder, system="manner", prompt="number", stored_prompt="bare")
    assert turns(other.shown(problem, 1)) == [*turns(CHAT[:-1]), ("user", "second!")]


def test_a_problem_without_a_system_turn_gets_one_and_an_empty_one_is_none(folder: Path) -> None:
    problem = Problem("p", ask("q"))
    assert turns(load(folder, system="manner").asked(problem, 1)) == [("system", "Be good."), ("user", "q")]
    (folder / "manner.j2").write_text("{{ system }}")
    assert turns(load(folder, system="manner").asked(problem, 1)) == [("user", "q")]


def test_what_it_sees_is_shown_and_not_stored(folder: Path) -> None:
    problem = make_problem(gold="72", solution="71 + 1 = 72", question="q")
    told, shown = load(folder, prompt="told", **SEEN), load(folder, prompt="shown", **SEEN | {"sees": "solution"})
    assert turns(told.asked(problem, 1)) == [("user", "q (72)")]
    assert turns(shown.asked(problem, 1)) == [("user", "q (72: 71 + 1 = 72)")]
    assert told.shown(problem, 1) == shown.shown(problem, 1) == problem.messages


@pytest.mark.parametrize(("fields", "message"), [
    ({"prompt": "told"}, r"draws.0.prompt: it shows 'answer', and the draw does not say .*"),
    ({"system": "told"}, r"draws.0.system: it shows 'answer'"),
    ({"prompt": "shown", **SEEN}, r"draws.0.prompt: it shows 'solution'"),
    ({"prompt": "told", **SEEN, "stored_prompt": "told"}, r"stored_prompt: it shows 'answer', which training must not"),
    ({"prompt": "bare", "stored_prompt": "told"}, r"stored_prompt: it shows 'answer'"),
    ({"prompt": "unknown"}, r"draws.0.prompt: 'attempt' is nothing that it gets"),
    ({"prompt": "broken"}, r"no Jinja"),
    ({"prompt": "nowhere"}, r"the prompt 'nowhere' cannot be read"),
])  # fmt: skip
def test_prompts_that_show_too_much_or_cannot_be_filled_are_refused(
    folder: Path, fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(RecipeError, match=message):
        load(folder, **fields)


@pytest.mark.parametrize(("fields", "what"), [
    ({"prompt": "told", **SEEN}, "gold answer"),
    ({"prompt": "shown", **SEEN, "sees": "solution"}, "worked solution"),
])  # fmt: skip
def test_a_problem_without_what_is_shown_is_named(folder: Path, fields: dict[str, Any], what: str) -> None:
    gold = None if what == "gold answer" else "1"
    with pytest.raises(ProblemsError, match=f"problem p has no {what}, which draw 'a' of generate shows"):
        load(folder, **fields).asked(make_problem(gold=gold), 1)
