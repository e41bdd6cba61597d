"""What a draw is asked, and the chat that training shows in its place. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from configs.errors import ProblemsError, RecipeError
from configs.schema.draws.draw import AS_SAMPLED, PLAIN, SHOWN, Draw
from tasks.core.prompts import names_used, render
from tasks.core.records import Message, Problem

_OWN = frozenset({"prompt", "messages", "system", "variant"})


@dataclass(frozen=True, slots=True)
class LoadedDraw:
    """A draw with the texts of its prompts; empty where it has none."""

    config: Draw
    system: str = ""
    prompt: str = ""
    stored: str = ""

    @property
    def names(self) -> frozenset[str]:
        """What its prompts use."""
        return frozenset().union(*map(names_used, (self.system, self.prompt, self.stored)))

    def asked(self, problem: Problem, variant: int) -> tuple[Message, ...]:
        """The chat that its writer is given.

        Raises:
            ProblemsError: the problem has no gold answer or worked solution to show.
            RecipeError: a prompt cannot be filled in.
        """
        values = self._values(problem, variant)
        chat = with_question(problem.messages, render(self.prompt, **values)) if self.prompt else problem.messages
        return _with_system(chat, render(self.system, **values)) if self.system else chat

    def shown(self, problem: Problem, variant: int) -> tuple[Message, ...]:
        """The chat that training shows; errors as of `asked`."""
        if self.config.stored_prompt == AS_SAMPLED:
            return self.asked(problem, variant)
        if not self.stored:
            return problem.messages
        return with_question(problem.messages, render(self.stored, **self._values(problem, variant)))

    def require_known(self, problem: Problem) -> None:
        """Nothing, where the problem has what the prompts show; ProblemsError if it has not."""
        for name, value, what in (("answer", problem.gold, "gold answer"),
                                  ("solution", problem.solution, "worked solution")):  # fmt: skip
            if name in self.names and not value:
                raise ProblemsError(
                    f"problem {problem.id} has no {what}, which draw '{self.config.name}' of generate shows",
                    f"say where it is: mapping.{name}; or draw without it",
                )

    def _values(self, problem: Problem, variant: int) -> dict[str, Any]:
        """The values of the names that the prompts use."""
        self.require_known(problem)
        known = {
            "prompt": next((turn.content for turn in reversed(problem.messages) if turn.role == "user"), ""),
            "messages": [{"role": turn.role, "content": turn.content} for turn in problem.messages],
            "system": next((turn.content for turn in problem.messages if turn.role == "system"), ""),
            "variant": variant,
            "answer": problem.gold,
            "solution": problem.solution,
        }
        return {name: known[name] for name in self.names}


def load_draws(draws: Sequence[Draw], read: Callable[[str], str]) -> tuple[LoadedDraw, ...]:
    """The draws with their prompts.

    Args:
        read: the text of a prompt by its name.

    Raises:
        RecipeError: a prompt cannot be read, or shows what its draw does not see, or what training must not show.
    """
    return tuple(_load(f"generate.draws.{place}", draw, read) for place, draw in enumerate(draws))


def _load(address: str, draw: Draw, read: Callable[[str], str]) -> LoadedDraw:
    stored = draw.stored_prompt if draw.stored_prompt not in (None, PLAIN, AS_SAMPLED) else None
    texts = {
        field: read(name) if name else ""
        for field, name in (("system", draw.system), ("prompt", draw.prompt), ("stored_prompt", stored))
    }
    for field, text in texts.items():
        allowed = _OWN | set(SHOWN[draw.sees] if field != "stored_prompt" else ())
        for name in sorted(names_used(text) - allowed):
            raise RecipeError(f"{address}.{field}: {_refusal(field, name)}", _remedy(field, name, allowed))
    return LoadedDraw(draw, texts["system"], texts["prompt"], texts["stored_prompt"])


def _refusal(field: str, name: str) -> str:
    if name not in SHOWN["solution"]:
        return f"'{name}' is nothing that it gets"
    if field == "stored_prompt":
        return f"it shows '{name}', which training must not show"
    return f"it shows '{name}', and the draw does not say that it sees it"


def _remedy(field: str, name: str, allowed: frozenset[str] | set[str]) -> str:
    if name in SHOWN["solution"]:
        return "leave it out" if field == "stored_prompt" else f"write sees: {name}, and a stored_prompt"
    return f"use {', '.join(sorted(allowed))}"


def with_question(messages: tuple[Message, ...], text: str) -> tuple[Message, ...]:
    """A chat with its last user turn rewritten; one without a user turn gets it at the end."""
    place = max((at for at, message in enumerate(messages) if message.role == "user"), default=None)
    if place is None:
        return (*messages, Message("user", text))
    return (*messages[:place], Message("user", text), *messages[place + 1 :])


def _with_system(messages: tuple[Message, ...], text: str) -> tuple[Message, ...]:
    """A chat that begins with this system turn; one that it had goes, an empty one is none."""
    others = tuple(message for message in messages if message.role != "system")
    return (Message("system", text), *others) if text else others
