"""Prompts: Jinja files of configs/prompts, or of the user. Their text is part of a step's identity.

They are rendered in Jinja's sandbox, and a name that a prompt uses and does not get is an error.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from configs.errors import RecipeError

FOLDER = Path(__file__).parents[2] / "configs" / "prompts"


def read_prompt(name: str, base_dir: Path) -> str:
    """Text of a prompt.

    Args:
        name: of a file in configs/prompts without its suffix, or a path that ends in .j2.
        base_dir: relative paths start here.

    Raises:
        RecipeError: there is no such prompt.
    """
    path = base_dir / Path(name).expanduser() if name.endswith(".j2") else FOLDER / f"{name}.j2"
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        known = ", ".join(sorted(file.stem for file in FOLDER.glob("*.j2")))
        raise RecipeError(
            f"the prompt '{name}' cannot be read: {error}", f"write the path of a .j2 file, or one of {known}"
        ) from None


def render(text: str, **values: Any) -> str:
    """A prompt with its values filled in, without blanks around it.

    Raises:
        RecipeError: the prompt is not Jinja, or uses a name that it does not get.
    """
    return render_within(text, **values).strip()


def render_within(text: str, **values: Any) -> str:
    """A prompt that goes on in the middle of a text: blanks at its ends count, but for the last line's end; errors as
    `render`."""
    from jinja2 import TemplateError

    try:
        return str(_compile(text).render(values)).removesuffix("\n")
    except TemplateError as error:
        raise RecipeError(
            f"a prompt cannot be filled in: {error}", f"correct it; it may use: {', '.join(sorted(values))}"
        ) from None


def names_used(text: str) -> frozenset[str]:
    """The names that a prompt takes from outside.

    Raises:
        RecipeError: the prompt is not Jinja.
    """
    from jinja2 import TemplateError, meta
    from jinja2.sandbox import SandboxedEnvironment

    try:
        return frozenset(meta.find_undeclared_variables(SandboxedEnvironment().parse(text)))
    except TemplateError as error:
        raise RecipeError(f"a prompt is no Jinja: {error}", "correct it") from None


@cache
def _compile(text: str) -> Any:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    return SandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True).from_string(text)
