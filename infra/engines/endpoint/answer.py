"""What a chat-completions server answered, checked before use. Pure; called by `client.py`."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from infra.engines.questions import MissingReason
from infra.text.outside import clean_answer

FINISH_REASONS: dict[object, Literal["stop", "length"]] = {
    "stop": "stop", "eos": "stop", "eos_token": "stop", "stop_sequence": "stop", "end_turn": "stop", "length": "length",
    "max_tokens": "length", "model_length": "length",
}  # fmt: skip
FILTERED = re.compile(r"filter|safety|refus|blocked|moderat|recitation|prohibited|sensitive|policy", re.IGNORECASE)
"""in a finish reason: the answer was withheld"""
TOO_LONG = re.compile(
    r"context[ _-]*(length|window|size)|maximum[ _-]*(context|model|length|input|prompt)|must have less than \d+ tokens"
    r"|too[ _-]*(long|large|many[ _-]*(input[ _-]*)?tokens)"
    r"|exceed\w*[^.]{0,60}(token|length|context|limit)|(token|length|context)[^.]{0,60}exceed|string_above_max_length"
    r"|reduce the (length|number|size)|prompt[ _-]*length|input length",
    re.IGNORECASE,
)
REFUSED_FOR_CONTENT = re.compile(
    r"content[ _-]*(filter|policy|management|moderation)|policy[ _-]*violation|responsible[ _-]*ai|safety|flagged"
    r"|moderation|violat\w*[^.]{0,60}polic|usage polic|prohibited|inappropriate|data_inspection|sensitive",
    re.IGNORECASE,
)
BODY_CHARACTERS = 300
MOST_TOKENS = 2**40
"""of one answer; a server that says more does not count"""


class BadAnswer(Exception):
    """An answer of status 200 that holds no usable completion; asking again may give one."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One completion of an answer.

    Attributes:
        num_replaced: characters that no text holds, which were replaced (`infra/text/outside.py`).
    """

    text: str
    finish_reason: Literal["stop", "length"]
    num_replaced: int = 0


@dataclass(frozen=True, slots=True)
class NoChoice:
    """In the place of a completion: the server answered, and gave none. Asking again would draw from what the filter
    lets pass, which is another distribution.

    Attributes:
        text: empty; its tokens are counted as those of a text.
    """

    reason: MissingReason
    detail: str
    text: str = ""


def read_body(text: str) -> dict[str, Any]:
    """The answer as JSON.

    Raises:
        BadAnswer: it is no JSON object: cut off, or an error page.
    """
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadAnswer("the answer is no complete JSON") from error
    if not isinstance(body, dict):
        raise BadAnswer("the answer is no JSON object")
    return body


def read_usage(body: dict[str, Any]) -> tuple[int, int] | None:
    """Tokens read and tokens written, over all choices; None where the server does not say."""
    match body.get("usage"):
        case {"prompt_tokens": int(num_read), "completion_tokens": int(num_written)} if (
            min(num_read, num_written) >= 0 and max(num_read, num_written) <= MOST_TOKENS
        ):
            return num_read, num_written
    return None


def read_choices(body: dict[str, Any]) -> list[Choice | NoChoice]:
    """The completions, in the server's order; a `NoChoice` where one was withheld or has no text.

    Raises:
        BadAnswer: there is none.
    """
    choices = body.get("choices")
    if not isinstance(choices, list) or not choices:
        raise BadAnswer("the answer has no choices")
    return [_read_choice(choice) for choice in choices]


def _read_choice(choice: Any) -> Choice | NoChoice:
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(message, dict):
        return NoChoice(MissingReason.NO_TEXT, "the answer has a choice without a message")
    reason, content = choice.get("finish_reason"), message.get("content")
    if isinstance(reason, str) and FILTERED.search(reason):
        return NoChoice(MissingReason.FILTERED, f"the answer ended with finish_reason {json.dumps(reason)}")
    if isinstance(refusal := message.get("refusal"), str) and refusal and not content:
        return NoChoice(MissingReason.FILTERED, f"the model refuses: {excerpt(refusal)}")
    if not isinstance(reason, str) or reason not in FINISH_REASONS:
        return NoChoice(MissingReason.NO_TEXT, f"the answer ended with finish_reason {excerpt(json.dumps(reason))}")
    if content is None and FINISH_REASONS[reason] == "length":
        content = ""  # all tokens went into hidden reasoning: a truncated sample, and marked as one
    if isinstance(content, list):
        content = _join_parts(content)
    if not isinstance(content, str):
        return NoChoice(MissingReason.NO_TEXT, "the answer has no text (content is null)")
    text, num_replaced = clean_answer(content)
    return Choice(text, FINISH_REASONS[reason], num_replaced)


def _join_parts(parts: Sequence[Any]) -> str | None:
    """The text of a content in parts; None where a part is none."""
    texts = [part.get("text") if isinstance(part, dict) else None for part in parts]
    read = [text for text in texts if isinstance(text, str)]
    return "".join(read) if len(read) == len(texts) else None


def why_refused(status: int | None, body: str) -> MissingReason | None:
    """Why a server refuses this one request, where what it says speaks of its text; None: it may refuse all."""
    if status == 413:
        return MissingReason.TOO_LONG
    if status not in (400, 403, 422):
        return None
    if REFUSED_FOR_CONTENT.search(body):
        return MissingReason.FILTERED
    is_of_a_setting = "max_tokens" in body and "context" not in body
    return MissingReason.TOO_LONG if status != 403 and not is_of_a_setting and TOO_LONG.search(body) else None


def share_tokens(choices: Sequence[Choice | NoChoice], num_tokens: int) -> list[int]:
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
    line = clean_answer(" ".join(body.split()))[0]
    return line if len(line) <= BODY_CHARACTERS else f"{line[:BODY_CHARACTERS]}..."
