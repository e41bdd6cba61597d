"""Requests become token ids, and those that cannot be answered are refused by name. Used by every generator engine."""

from __future__ import annotations

from typing import Any

from configs.errors import UserError
from infra.engines.chat import completion_token_ids, prompt_token_ids
from infra.engines.model_files import ModelFiles
from infra.engines.requests import Request, Scoring


def encode_request(tokenizer: Any, model: ModelFiles, request: Request, context: int) -> list[int]:
    """Tokens of a request's prompt; at least one more fits into the context.

    Raises:
        UserError: the prompt is too long, or the chat template refuses it.
    """
    prompt = _encode(tokenizer, model, request)
    _check_length(model, request, len(prompt) + 1, context, f"the prompt has {len(prompt)} tokens")
    return prompt


def encode_scoring(tokenizer: Any, model: ModelFiles, scoring: Scoring, context: int) -> tuple[list[int], list[int]]:
    """Tokens of the prompt and of the completion, end token included; both fit into the context.

    Raises:
        UserError: they are too long together, or the chat template refuses the prompt.
    """
    prompt = _encode(tokenizer, model, scoring)
    completion = completion_token_ids(tokenizer, scoring.completion)
    length = len(prompt) + len(completion)
    _check_length(model, scoring, length, context, f"prompt and completion have {length} tokens")
    return prompt, completion


def _encode(tokenizer: Any, model: ModelFiles, request: Request | Scoring) -> list[int]:
    try:
        return prompt_token_ids(tokenizer, request.messages, model.chat_template)
    except UserError as error:
        raise UserError(f"model '{model.name}', request '{request.id}': {error.message}", error.fix) from error
    except Exception as error:  # tokenizers has no error class of its own
        raise UserError(
            f"the tokenizer of model '{model.name}' cannot read request '{request.id}': {error}",
            "leave out this problem; for a tiny_llama, add its characters to model.alphabet",
        ) from error


def _check_length(model: ModelFiles, request: Request | Scoring, needed: int, context: int, what: str) -> None:
    if needed > context:
        raise UserError(
            f"request '{request.id}': {what}, and the context of model '{model.name}' holds {context}, answer included",
            "shorten or leave out this problem, raise engine.max_model_length, or take a model with a longer context",
        )
