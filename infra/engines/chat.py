"""The one place where a chat becomes a prompt. Used by generators and by the trainer, inside engine programs.

Tokenizers are Hugging Face's; nothing heavy is imported here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jinja2

from configs.errors import UserError


class ChatRefused(UserError):
    """The template refuses this chat; it may take others."""


TEMPLATE_FIX = "write model.chat_template: FILE, a Jinja file that renders the messages of a chat"


def render_prompt(tokenizer: Any, messages: Sequence[tuple[str, str]], chat_template: str | None = None) -> str:
    """The text a model reads before it writes its turn.

    Args:
        messages: (role, content) pairs.
        chat_template: Jinja text used instead of the tokenizer's own.

    Raises:
        UserError: there is no template, or it refuses these messages.
    """
    template = chat_template or tokenizer.chat_template
    if not template:
        raise UserError(f"the tokenizer of {tokenizer.name_or_path} has no chat template", TEMPLATE_FIX)
    chat = [{"role": role, "content": content} for role, content in messages]
    try:
        return tokenizer.apply_chat_template(chat, chat_template=template, tokenize=False, add_generation_prompt=True)
    except jinja2.TemplateError as error:
        roles = ", ".join(role for role, _ in messages)
        raise ChatRefused(f"the chat template refuses a chat with the roles {roles}: {error}", TEMPLATE_FIX) from error


def prompt_token_ids(
    tokenizer: Any, messages: Sequence[tuple[str, str]], chat_template: str | None = None
) -> list[int]:
    """Tokens of `render_prompt`. The template writes all special tokens; none are added, or BOS appears twice."""
    return tokenizer(render_prompt(tokenizer, messages, chat_template), add_special_tokens=False)["input_ids"]


def completion_token_ids(tokenizer: Any, text: str) -> list[int]:
    """Tokens of a model's whole turn: the text, tokenised apart from the prompt as when generated, and the end."""
    return [*tokenizer(text, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]


def decode_completion(tokenizer: Any, token_ids: Sequence[int]) -> str:
    """Text of generated tokens without special tokens."""
    text: str = tokenizer.decode(token_ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return text


def cut_at(text: str, stop: Sequence[str]) -> tuple[str, str | None]:
    """A text up to the first stop text in it, and that stop text."""
    places = [(place, found) for found in stop if (place := text.find(found)) >= 0]
    if not places:
        return text, None
    place, found = min(places)
    return text[:place], found


def end_token_ids(tokenizer: Any, generation_config: Any) -> list[int]:
    """Every token that ends a turn: the generation config's, and the tokenizer's."""
    ends = generation_config.eos_token_id
    ids = {*(ends if isinstance(ends, list) else [ends]), tokenizer.eos_token_id} - {None}
    if not ids:
        raise UserError(
            f"the model {tokenizer.name_or_path} has no end token",
            "write eos_token_id into its generation_config.json, or eos_token into its tokenizer_config.json",
        )
    return sorted(ids)
