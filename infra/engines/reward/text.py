"""Chats with answers become the token ids that a reward model reads. Used by `runner.py`.

A sequence-classification head reads the templated chat, answer included, tokenised as one text, as in training on
chats. A process reward model reads every step followed by the separator, the last step too, each tokenised apart,
and is read at the separator's last token: there the labels of step-wise training stand.
"""

from __future__ import annotations

from dataclasses import dataclass

from configs.errors import UserError
from infra.engines.chat.format import ChatFormat
from infra.engines.generate.prompts import check_length, naming
from infra.engines.models.model_files import ModelFiles
from infra.engines.questions import Rating


@dataclass(frozen=True, slots=True)
class RatingTokens:
    """Token ids of one chat with its answer, and the places of the tokens that end its steps."""

    tokens: list[int]
    step_ends: list[int]


def encode_answer(chat: ChatFormat, model: ModelFiles, rating: Rating, context: int) -> RatingTokens:
    """For a sequence-classification head; `step_ends` is empty.

    Raises:
        Unanswerable: the text is too long, or the template or the tokenizer refuses it.
    """
    with naming(model, rating.id):
        tokens = chat.prompt_ids([*rating.messages, ("assistant", rating.completion)], opens_turn=False)
    check_length(model, rating.id, len(tokens), context, f"chat and answer have {len(tokens)} tokens")
    return RatingTokens(tokens, [])


def encode_steps(chat: ChatFormat, model: ModelFiles, rating: Rating, context: int) -> RatingTokens:
    """For a token-classification head. Raises as `encode_answer`."""
    with naming(model, rating.id):
        tokens, after = chat.around_turn(rating.messages)
        separator = chat.token_ids(rating.step_separator)
        ends = []
        for step in split_steps(rating.completion, rating.step_separator):
            tokens += chat.text_ids(step) + separator
            ends.append(len(tokens) - 1)
        tokens += after
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
