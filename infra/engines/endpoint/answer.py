"""What a chat-completions server answered, checked before use. Pure; called by `endpoint_client.py`."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

FINISH_REASONS: dict[object, Literal["stop", "length"]] = {"stop": "stop", "eos": "stop", "length": "length"}
BODY_CHARACTERS = 300


class BadAnswer(Exception):
    """An answer of status 200 that holds no usable completion; asking again may give one."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One completion of an answer."""

    text: str
    finish_reason: Literal["stop", "length"]


def read_body(text: str) -> dict[str, Any]:
    """The answer as JSON.

    Raises:
        BadAnswer: it is no JSON object: cut off, or an error page.
    """
    try:
        body = json.loads(text)
    except ValueError as error:
        raise BadAnswer("the answer is no complete JSON") from error
    if not isinstance(body, dict):
        raise BadAnswer("the answer is no JSON object")
    return body


def read_usage(body: dict[str, Any]) -> tuple[int, int]:
    """Tokens read and tokens written, over all choices.

    Raises:
        BadAnswer: the server does not say.
    """
    usage = body.get("usage")
    match usage:
        case {"prompt_tokens": int(num_read), "completion_tokens": int(num_written)}:
            return num_read, num_written
    raise BadAnswer("the answer does not say how many tokens it took")


def read_choices(body: dict[str, Any]) -> list[Choice]:
    """The completions, in the server's order.

    Raises:
        BadAnswer: there is none, or one of them was filtered, has no text, or did not end in a known way.
    """
    choices = body.get("choices")
    if not isinstance(choices, list) or not choices:
        raise BadAnswer("the answer has no choices")
    return [_read_choice(choice) for choice in choices]


def _read_choice(choice: Any) -> Choice:
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(message, dict):
        raise BadAnswer("the answer has a choice without a message")
    reason = choice.get("finish_reason")
    if reason not in FINISH_REASONS:
        raise BadAnswer(f"the answer ended with finish_reason {json.dumps(reason)}")
    content = message.get("content")
    if content is None and reason == "length":
        content = ""  # all tokens went into hidden reasoning: a truncated sample, and marked as one
    if not isinstance(content, str):
        raise BadAnswer("the answer has no text (content is null)")
    return Choice(content, FINISH_REASONS[reason])


def share_tokens(choices: Sequence[Choice], num_tokens: int) -> list[int]:
    """Tokens of each choice, where the server tells their sum alone: in proportion to the lengths of the texts.

    The sum is exact; a single choice's number is exact where there is one choice.
    """
    weights = [len(choice.text) + 1 for choice in choices]
    total = sum(weights)
    ends = [num_tokens * sum(weights[: place + 1]) // total for place in range(len(weights))]
    return [end - start for start, end in zip([0, *ends], ends, strict=False)]


def refuses_many(body: str) -> bool:
    """Whether an error speaks of the parameter `n`."""
    return re.search(r"(?<![\w\\])n(?!\w)", body) is not None


def refuses_max_tokens(body: str) -> bool:
    """Whether an error asks for the other name of the length limit."""
    return "max_completion_tokens" in body


def refuses_seed(body: str) -> bool:
    """Whether an error speaks of the parameter `seed`."""
    return re.search(r"(?<!\w)seed(?!\w)", body) is not None


def excerpt(body: str) -> str:
    """The start of an answer's body on one line, for messages."""
    line = " ".join(body.split())
    return line if len(line) <= BODY_CHARACTERS else f"{line[:BODY_CHARACTERS]}..."
