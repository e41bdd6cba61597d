"""Chats with answers become the token ids that a reward model reads. Used by `runner.py`.

A sequence-classification head reads the templated chat, answer included, tokenised as one text, as in training on
chats. A process reward model reads every step followed by the separator, the last step too, each tokenised apart,
and is read at the separator's last token: there the labels of step-wise training stand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jinja2

from configs.errors import UserError
from infra.engines.chat import TEMPLATE_FIX, ChatRefused
from infra.engines.generate.prompts import check_length, naming
from infra.engines.models.model_files import ModelFiles
from infra.engines.wire import Messages, Rating

PLACE = "\ue000answer\ue001"
"""stands for the answer while the chat template writes what surrounds it; private-use characters, never tokenised"""


@dataclass(frozen=True, slots=True)
class RatingTokens:
    """Token ids of one chat with its answer, and the places of the tokens that end its steps."""

    tokens: list[int]
    step_ends: list[int]


def encode_answer(tokenizer: Any, model: ModelFiles, rating: Rating, context: int) -> RatingTokens:
    """For a sequence-classification head; `step_ends` is empty.

    Raises:
        Unanswerable: the text is too long, or the template or the tokenizer refuses it.
    """
    with naming(model, rating.id):
        tokens = _token_ids(tokenizer, render_answered(tokenizer, model, rating.messages, rating.completion))
    check_length(model, rating.id, len(tokens), context, f"chat and answer have {len(tokens)} tokens")
    return RatingTokens(tokens, [])


def encode_steps(tokenizer: Any, model: ModelFiles, rating: Rating, context: int) -> RatingTokens:
    """For a token-classification head. Raises as `encode_answer`."""
    with naming(model, rating.id):
        parts = render_answered(tokenizer, model, rating.messages, PLACE).split(PLACE)
        if len(parts) != 2:
            raise UserError("the chat template does not write the assistant's turn exactly once", TEMPLATE_FIX)
        tokens = _token_ids(tokenizer, parts[0])
        separator = _token_ids(tokenizer, rating.step_separator)
        ends = []
        for step in split_steps(rating.completion, rating.step_separator):
            tokens += _token_ids(tokenizer, step) + separator
            ends.append(len(tokens) - 1)
        tokens += _token_ids(tokenizer, parts[1])
    check_length(model, rating.id, len(tokens), context, f"chat and answer have {len(tokens)} tokens")
    return RatingTokens(tokens, ends)


def split_steps(answer: str, separator: str) -> list[str]:
    """Steps of an answer in order; what is blank between two separators is none.

    Raises:
        UserError: the separator is empty.
    """
    if not separator:
        raise UserError("the step separator is empty", "write the text that separates two steps")
    return [step for step in answer.strip().split(separator) if step.strip()]


def render_answered(tokenizer: Any, model: ModelFiles, messages: Messages, answer: str) -> str:
    """The chat with the answer as the assistant's turn, by the chat template, and no generation prompt.

    Raises:
        UserError: there is no template, or it refuses these messages.
    """
    template = model.chat_template or tokenizer.chat_template
    if not template:
        raise UserError("the tokenizer has no chat template", TEMPLATE_FIX)
    chat = [{"role": role, "content": content} for role, content in (*messages, ("assistant", answer))]
    try:
        text: str = tokenizer.apply_chat_template(chat, chat_template=template, tokenize=False)
    except jinja2.TemplateError as error:
        raise ChatRefused(f"the chat template refuses the chat: {error}", TEMPLATE_FIX) from error
    return text


def _token_ids(tokenizer: Any, text: str) -> list[int]:
    return tokenizer(text, add_special_tokens=False)["input_ids"] if text else []
