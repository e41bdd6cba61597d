"""What a guided try is asked, and that the help stays out of what is stored."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from configs.errors import ProblemsError, RecipeError
from configs.schema.around_generate import Guide
from configs.schema.drawing import Sampling
from configs.schema.judges.by_rule import AnswerJudge
from infra.engines.questions import Completion
from tasks.core.prompts import read_prompt
from tasks.core.records import Judgement, Message, Problem
from tasks.sample.guide.help import (
    Ask,
    ask_for_feedback,
    ask_with_feedback,
    ask_with_help,
    prompt_names,
    solution_prefix,
)
from tasks.sample.samplers.hinted import Hinted
from tests.build.records import make_sample
from tests.tasks.sample.guide.make import make_standing, worked_problem


def texts_of(config: Guide) -> tuple[str, ...]:
    return tuple(read_prompt(name, Path()) for name in prompt_names(config))


@pytest.mark.parametrize(
    ("solution", "share", "prefix"),
    [
        ("7+5=12;4+8+1=13;132", 0.5, "7+5=12;"),
        ("7+5=12;4+8+1=13;132", 0.9, "7+5=12;4+8+1=13;"),
        ("7+5=12;4+8+1=13;132", 0.3, "7+5=1"),
        ("one line\nanother line\nthe end", 0.6, "one line\n"),
        ("He has 3.5 pounds. He buys more.", 0.7, "He has 3.5 pounds."),
        ("He has 3.5 pounds and buys more", 0.5, "He has 3.5 poun"),
        ("First. Second", 0.5, "First."),
    ],
)
def test_a_prefix_ends_with_a_step_where_one_ends_in_the_share(solution: str, share: float, prefix: str) -> None:
    assert solution_prefix(worked_problem(solution=solution), share) == prefix
    assert solution.startswith(prefix) and prefix != solution


def test_a_solution_too_short_to_share_is_named() -> None:
    with pytest.raises(ProblemsError, match=r"problem p: its worked solution has 1 characters"):
        solution_prefix(worked_problem(solution="7"), 0.5)


def test_a_hint_stands_in_the_last_user_turn_alone() -> None:
    chat = (Message("system", "Be brief."), Message("user", "old"), Message("assistant", "ok"), Message("user", "1+1?"))
    problem = Problem("p", chat, gold="TWO", solution="ONE AND ONE")
    for config, shown, hidden in (
        (Guide(kind="answer"), "TWO", "ONE AND ONE"),
        (Guide(kind="rationale"), "ONE AND ONE", "TWO"),
    ):
        (prompt,) = texts_of(config)
        ask = ask_with_help(problem, config, prompt)
        assert ask.messages[:3] == chat[:3]
        assert ask.messages[3].role == "user" and "1+1?" in ask.messages[3].content
        assert shown in ask.messages[3].content and hidden not in ask.messages[3].content
        assert ask.prefix == ""


def test_state_reset_asks_the_original_chat() -> None:
    problem, config = worked_problem(), Guide(kind="state_reset")
    assert prompt_names(config) == ()
    assert ask_with_help(problem, config, "") == Ask(problem.messages, "7+5=12;")


def test_a_comment_follows_the_failed_try_in_the_chat() -> None:
    problem, failed = worked_problem(), make_sample(text="7+5=11;121")
    feedback, retry = texts_of(Guide(kind="interactive"))
    (asked,) = ask_for_feedback(problem, failed, feedback)
    assert all(part in asked.content for part in ("47+85=", "7+5=11;121", "132"))
    ask = ask_with_feedback(problem, failed, "look at the carry", retry)
    assert ask.messages[:2] == (*problem.messages, Message("assistant", "7+5=11;121"))
    assert "look at the carry" in ask.messages[2].content and "132" not in ask.messages[2].content


def test_a_prompt_of_ones_own_is_used_and_one_that_asks_too_much_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own.j2").write_text("{{ answer }}?{{ prompt }}", encoding="utf-8")
    config = Guide(kind="answer", prompt="own.j2")
    (prompt,) = (read_prompt(name, tmp_path) for name in prompt_names(config))
    assert ask_with_help(worked_problem(), config, prompt).messages == (Message("user", "132?47+85="),)
    with pytest.raises(RecipeError, match="cannot be filled in"):
        ask_with_help(worked_problem(), config, "{{ secret }}")


@pytest.mark.parametrize(
    ("kind", "draw", "parent_id", "logprob"),
    [("answer", "hinted", None, None), ("rationale", "guided", None, None), ("interactive", "guided", "p/0", None),
     ("state_reset", "guided", None, -3.0)],
)  # fmt: skip
def test_a_stored_try_continues_the_numbering_and_names_its_origin(
    kind: str, draw: str, parent_id: str | None, logprob: float | None
) -> None:
    config, standing = Guide(kind=kind, max_extra=3), make_standing(num_samples=8)  # type: ignore[arg-type]
    sampler = Hinted(config, Sampling(), texts_of(config), AnswerJudge(), {"p": standing}, "m" * 64)
    said = tuple(Judgement("policy", "p", "p/0", number, (), f"comment {number}", None) for number in range(3))
    third = replace(sampler.begin(worked_problem(), 0, 1), num_asked=2, comments=said)
    sample = sampler.take(third, [[(Completion("p", 0, "4+8+1=13;132", "stop", 13, -3.0),)]]).drawn
    assert sample is not None
    assert (sample.id, sample.index, sample.problem_id) == ("p/g10", 10, "p")
    prefix = "7+5=12;" if kind == "state_reset" else ""
    assert (sample.text, sample.prefix) == (prefix + "4+8+1=13;132", prefix)
    assert (sample.draw, sample.parent_id, sample.logprob) == (draw, parent_id, logprob)
    shown = {"answer": "132", "rationale": "7+5=12;4+8+1=13;132", "interactive": "comment 2"}
    asked = sample.messages[-1].content if sample.messages else ""
    assert (shown[kind] in asked) if kind in shown else not asked
    assert sample.privileged and not sample.is_independent
