"""Requests become token ids, or it is said why one cannot be answered. Used by engines that load a model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from configs.errors import UserError
from infra.engines.chat import ChatRefused, completion_token_ids, cut_at, decode_completion, prompt_token_ids
from infra.engines.models.model_files import ModelFiles
from infra.engines.wire import Messages, Missing, MissingReason, Rating, Request, Scoring, missing_draws

Prompts = dict[tuple[Messages, str], list[int]]
"""token ids by chat and prefix: where many completions of one chat are scored, it is read once"""

Q = TypeVar("Q", Request, Scoring, Rating)
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


def encode_request(tokenizer: Any, model: ModelFiles, request: Request, context: int) -> tuple[list[int], list[int]]:
    """Tokens of a request's chat and of its prefix; at least one more fits into the context.

    Raises:
        Unanswerable: the prompt is too long, or the chat template refuses it.
    """
    with naming(model, request.id):
        chat = prompt_token_ids(tokenizer, request.messages, model.chat_template)
        prefix = prefix_token_ids(tokenizer, request.prefix)
    length = len(chat) + len(prefix)
    check_length(model, request.id, length + 1, context, f"the prompt has {length} tokens")
    return chat, prefix


def encode_scoring(
    tokenizer: Any, model: ModelFiles, scoring: Scoring, context: int, seen: Prompts
) -> tuple[list[int], list[int]]:
    """Tokens of the prompt, prefix included, and of the completion; both fit into the context.

    Raises:
        Unanswerable: they are too long together, the chat template refuses the prompt, or there is nothing to score.
    """
    key = (scoring.messages, scoring.prefix)
    with naming(model, scoring.id):
        if key not in seen:
            chat = prompt_token_ids(tokenizer, scoring.messages, model.chat_template)
            seen[key] = chat + prefix_token_ids(tokenizer, scoring.prefix)
        completion = completion_token_ids(tokenizer, scoring.completion)
    if not scoring.with_end:
        completion.pop()
    if not completion:
        words = f"request '{scoring.id}': an empty completion without its end has no score"
        raise Unanswerable(MissingReason.UNREADABLE, words, "give a text")
    length = len(seen[key]) + len(completion)
    check_length(model, scoring.id, length, context, f"prompt and completion have {length} tokens")
    return seen[key], completion


def prefix_token_ids(tokenizer: Any, prefix: str) -> list[int]:
    """Tokens of the text that the model's turn begins with, tokenised apart from the chat, as when generated."""
    return tokenizer(prefix, add_special_tokens=False)["input_ids"] if prefix else []


def decode_continuation(
    tokenizer: Any, prefix: Sequence[int], tokens: Sequence[int], stop: Sequence[str]
) -> tuple[str, str | None]:
    """Text of generated tokens after a prefix, cut before the first stop text, and which stop text that was.

    Some tokenizers drop the space before a text's first word: so the continuation is what the text grows by.
    """
    text = decode_completion(tokenizer, tokens)
    if not prefix:
        return cut_at(text, stop)
    before, whole = decode_completion(tokenizer, prefix), decode_completion(tokenizer, [*prefix, *tokens])
    if not whole.startswith(before):  # the prefix ends within a character
        return cut_at(text, stop)
    return cut_at(whole.removeprefix(before), stop)


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
