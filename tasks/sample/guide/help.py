"""What a guided try is asked, and how it is stored: the help never reaches the training data. Pure.

answer, rationale   the last user turn is rewritten by a prompt that shows the gold answer or the worked solution
state_reset         the chat stays; the model's turn begins with the first part of the worked solution
interactive         a failed try and a teacher's comment on it follow the chat, then the question to try again

A stored sample belongs to the original problem and holds no chat, so training sees the original chat alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from configs.errors import ProblemsError
from configs.schema.around_generate import Guide
from tasks.core.prompts import render
from tasks.core.records import Message, Problem, Sample

PROMPTS = {"answer": "hint_answer", "rationale": "hint_rationale", "interactive": "feedback"}
"""prompt of configs/prompts by kind; state_reset asks nothing more"""
FIRST_PROMPT_SEES = {
    "answer": frozenset({"prompt", "answer", "solution"}),
    "rationale": frozenset({"prompt", "answer", "solution"}),
    "interactive": frozenset({"prompt", "attempt", "answer"}),
}
"""what the prompt of each kind gets"""
RETRY_PROMPT = "retry"
_STEP_END = re.compile(r"\n|;|[.!?](?=\s)")


@dataclass(frozen=True, slots=True)
class Ask:
    """What the model is given: a chat, and the beginning of its own turn."""

    messages: tuple[Message, ...]
    prefix: str = ""


def prompt_names(config: Guide) -> tuple[str, ...]:
    """Prompts that a kind of guidance uses: first the one that `guide.prompt` replaces."""
    if config.kind == "state_reset":
        return ()
    first = config.prompt or PROMPTS[config.kind]
    return (first, RETRY_PROMPT) if config.kind == "interactive" else (first,)


def ask_with_help(problem: Problem, config: Guide, prompt: str) -> Ask:
    """A guided try by answer, rationale or state_reset.

    Args:
        prompt: text of the kind's prompt; it may use prompt (the last user turn), answer and solution. state_reset
            reads none.

    Raises:
        ProblemsError: the worked solution is too short to give only a part of it.
        RecipeError: the prompt cannot be filled in.
    """
    if config.kind == "state_reset":
        return Ask(problem.messages, solution_prefix(problem, config.prefix_share))
    asked = render(prompt, prompt=_question(problem), answer=problem.gold or "", solution=problem.solution or "")
    return Ask(_with_question(problem, asked))


def ask_for_feedback(problem: Problem, failed: Sample, prompt: str) -> tuple[Message, ...]:
    """What a teacher is asked about a failed try; its prompt may use prompt, attempt and answer."""
    text = render(prompt, prompt=_question(problem), attempt=failed.text, answer=problem.gold or "")
    return (Message("user", text),)


def ask_with_feedback(problem: Problem, failed: Sample, feedback: str, prompt: str) -> Ask:
    """A guided try after a comment; its prompt may use prompt, attempt and feedback."""
    text = render(prompt, prompt=_question(problem), attempt=failed.text, feedback=feedback)
    return Ask((*problem.messages, Message("assistant", failed.text), Message("user", text)))


def solution_prefix(problem: Problem, share: float) -> str:
    """The first `share` of the worked solution's characters, cut back to the end of a step where one ends in it.

    A step ends after a line break, a semicolon, or the mark that ends a sentence.

    Raises:
        ProblemsError: nothing of the solution lies in the share.
    """
    solution = problem.solution or ""
    part = solution[: int(len(solution) * share)]
    if not part:
        raise ProblemsError(
            f"problem {problem.id}: its worked solution has {len(solution)} characters, and guide.prefix_share "
            f"{share:g} of that is none",
            "give it a solution with several steps, raise guide.prefix_share, or write another guide.kind",
        )
    # The mark may be the last character of the part: what follows it stands in the solution.
    ends = [found.end() for found in _STEP_END.finditer(solution) if found.end() <= len(part)]
    return solution[: ends[-1]] if ends else part


def _question(problem: Problem) -> str:
    return next((message.content for message in reversed(problem.messages) if message.role == "user"), "")


def _with_question(problem: Problem, text: str) -> tuple[Message, ...]:
    """The chat with its last user turn rewritten."""
    place = max((at for at, message in enumerate(problem.messages) if message.role == "user"), default=None)
    if place is None:
        return (*problem.messages, Message("user", text))
    return (*problem.messages[:place], Message("user", text), *problem.messages[place + 1 :])
