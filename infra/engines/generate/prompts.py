"""Requests become token ids, or it is said why one cannot be answered. Used by engines that load a model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from configs.errors import UserError
from infra.engines.chat.format import ChatFormat
from infra.engines.chat.refused import ChatRefused
from infra.engines.models.model_files import ModelFiles
from infra.engines.questions import (
    Embedding,
    Messages,
    Missing,
    MissingReason,
    Rating,
    Reading,
    Request,
    Scoring,
    missing_draws,
)

Prompts = dict[tuple[Messages, str], list[int]]
"""token ids by chat and prefix: where many completions of one chat are scored, it is read once"""

Q = TypeVar("Q", Request, Scoring, Reading, Rating, Embedding)
Encoded = TypeVar("Encoded")


class Unanswerable(UserError):
    """This question has no answer by this model; others may."""

    def __init__(self, reason: MissingReason, message: str, fix: str) -> None:
        super().__init__(message, fix)
        self.reason = reason


def encode_all(questions: Iterable[Q], encode: Callable[[Q], Encoded]) -> list[Encoded | list[Missing]]:
    """The tokens of each question; where it cannot be answered, what stands for its answers.

    Raises:
        UserError: what is wrong has nothing to do with the question.
    """
    found: list[Encoded | list[Missing]] = []
    for question in questions:
        try:
            found.append(encode(question))
        except Unanswerable as error:
            words = f"{error.message} ({error.fix})" if error.fix else error.message
            found.append(missing_draws(question, error.reason, words))
    return found


def encode_request(chat: ChatFormat, model: ModelFiles, request: Request, context: int) -> tuple[list[int], list[int]]:
    """Tokens of a request's chat and of its prefix, or those that it gives; at least one more fits into the context.

    Raises:
        Unanswerable: the prompt is too long, or the chat template refuses it.
    """
    with naming(model, request.id):
        if request.tokens is not None:
            prompt, prefix = list(request.tokens), []
        else:
            prompt, prefix = chat.prompt_ids(request.messages), chat.text_ids(request.prefix)
    length = len(prompt) + len(prefix)
    check_length(model, request.id, length + 1, context, f"the prompt has {length} tokens")
    return prompt, prefix


def encode_scoring(
    chat: ChatFormat, model: ModelFiles, scoring: Scoring, context: int, seen: Prompts
) -> tuple[list[int], list[int]]:
    """Tokens of the prompt, prefix included, and of the completion; both fit into the context.

    Raises:
        Unanswerable: they are too long together, the chat template refuses the prompt, or there is nothing to score.
    """
    key = (scoring.messages, scoring.prefix)
    with naming(model, scoring.id):
        if key not in seen:
            seen[key] = chat.prompt_ids(scoring.messages) + chat.text_ids(scoring.prefix)
        completion = (chat.turn_ids if scoring.with_end else chat.text_ids)(scoring.completion)
    if not completion:
        words = f"request '{scoring.id}': an empty completion without its end has no score"
        raise Unanswerable(MissingReason.UNREADABLE, words, "give a text")
    length = len(seen[key]) + len(completion)
    check_length(model, scoring.id, length, context, f"prompt and completion have {length} tokens")
    return seen[key], completion


def check_reading(model: ModelFiles, reading: Reading, context: int) -> tuple[list[int], list[int]]:
    """Tokens of the prompt and of the completion.

    Raises:
        Unanswerable: they do not fit into the context.
    """
    length = len(reading.prompt) + len(reading.completion)
    check_length(model, reading.id, length, context, f"prompt and completion have {length} tokens")
    return list(reading.prompt), list(reading.completion)


def stop_texts(chat: ChatFormat, stop: Sequence[str]) -> tuple[str, ...]:
    """Texts at which drawing stops: those asked for, and the words that end a turn where no token does."""
    return (*stop, *([chat.end.words] if chat.end.words else ()))


def decode_continuation(
    chat: ChatFormat, prefix: Sequence[int], tokens: Sequence[int], stop: Sequence[str]
) -> tuple[str, str | None]:
    """Text of generated tokens after a prefix, cut before the first text that stops, and which of `stop` that was.

    Some tokenizers drop the space before a text's first word: so the continuation is what the text grows by.
    """
    text = chat.decode(tokens)
    if prefix:
        before, whole = chat.decode(prefix), chat.decode([*prefix, *tokens])
        if whole.startswith(before):  # otherwise the prefix ends within a character
            text = whole.removeprefix(before)
    cut, found = cut_at(text, stop_texts(chat, stop))
    return cut, found if found in stop else None


def cut_at(text: str, stop: Sequence[str]) -> tuple[str, str | None]:
    """A text up to the first stop text in it, and that stop text."""
    places = [(place, found) for found in stop if (place := text.find(found)) >= 0]
    if not places:
        return text, None
    place, found = min(places)
    return text[:place], found


def check_length(model: ModelFiles, name: str, needed: int, context: int, what: str) -> None:
    """Refuse the request `name` if it does not fit into the context."""
    if needed > context:
        raise Unanswerable(
            MissingReason.TOO_LONG,
            f"request '{name}': {what}, and the context of model '{model.name}' holds {context}, answer included",
            "shorten or leave out this problem, raise engine.max_model_length, or take a model with a longer context",
        )


@contextmanager
def naming(model: ModelFiles, name: str) -> Iterator[None]:
    """Errors of tokenizer and template name the model and the request."""
    try:
        yield
    except ChatRefused as error:
        words = f"model '{model.name}', request '{name}': {error.message}"
        raise Unanswerable(MissingReason.UNREADABLE, words, error.fix or "") from error
    except UserError as error:
        raise UserError(f"model '{model.name}', request '{name}': {error.message}", error.fix) from error
    except Exception as error:  # tokenizers has no error class of its own
        raise Unanswerable(
            MissingReason.UNREADABLE,
            f"the tokenizer of model '{model.name}' cannot read request '{name}': {error}",
            "leave out this problem; for a tiny_llama, add its characters to model.alphabet",
        ) from error
