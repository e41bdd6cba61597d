"""Which chat template a model has, and what it writes. Used by `format.py` and `turn_end.py`.

Tokenizers are Hugging Face's; nothing heavy is imported here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jinja2

from configs.errors import UserError
from infra.engines.chat.refused import ChatRefused
from infra.engines.models.model_files import ModelFiles

TEMPLATE_FIX = "write model.chat_template: FILE, a Jinja file that renders the messages of a chat"
DEFAULT_NAME = "default"
BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True)
class Template:
    """A chat template with all that it reads besides the messages.

    Attributes:
        text: Jinja; None where the model has no template.
        variables: of the template, `strftime_now` among them: it knows one date, or the same seed would draw other
            samples on another day.
    """

    tokenizer: Any
    text: str | None
    variables: Mapping[str, Any]

    def render(self, messages: Sequence[tuple[str, str]], *, opens_turn: bool = True) -> str:
        """The text of a chat.

        Args:
            messages: (role, content) pairs.
            opens_turn: with what the model's next turn begins with.

        Raises:
            UserError: there is no template, or it is none.
            ChatRefused: it refuses these messages.
        """
        if not self.text:
            raise UserError(f"the tokenizer of {self.tokenizer.name_or_path} has no chat template", TEMPLATE_FIX)
        chat = [{"role": role, "content": content} for role, content in messages]
        options = {**self.variables, "chat_template": self.text, "add_generation_prompt": opens_turn}
        try:
            text: str = self.tokenizer.apply_chat_template(chat, tokenize=False, **options)
        except Exception as error:  # a template is a program: it fails in any way that a program can
            roles = ", ".join(role for role, _ in messages)
            words = f"the chat template refuses a chat with the roles {roles}: {error}"
            is_broken = isinstance(error, jinja2.TemplateSyntaxError)  # whatever the chat
            raise (UserError if is_broken else ChatRefused)(words, TEMPLATE_FIX) from error
        return text


def choose_template(tokenizer: Any, files: ModelFiles) -> Template:
    """The recipe's template, or the tokenizer's: the named one of several, or its default.

    Raises:
        UserError: there is none of that name.
    """
    text = files.chat_template or _own(tokenizer.chat_template, files)
    today = datetime.fromisoformat(files.chat_template_date)
    variables = {**files.chat_template_kwargs, "strftime_now": today.strftime}
    return Template(tokenizer, text.removeprefix(BYTE_ORDER_MARK) if text else None, variables)


def _own(found: Any, files: ModelFiles) -> str | None:
    named = found if isinstance(found, dict) else {DEFAULT_NAME: found} if found else {}
    wanted = files.chat_template_name
    if wanted is None and not named:
        return None
    text: Any = named.get(wanted or DEFAULT_NAME)
    if text is None:
        names = ", ".join(sorted(named)) or "none"
        raise UserError(
            f"the tokenizer of model '{files.name}' has no chat template called {wanted or DEFAULT_NAME}, but {names}",
            "write one of these names as model.chat_template_name, or model.chat_template: FILE",
        )
    if not isinstance(text, str):
        kind = type(text).__name__
        raise UserError(f"the chat template of model '{files.name}' is a {kind}, not a text", TEMPLATE_FIX)
    return text
